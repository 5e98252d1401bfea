/** Name of the adapter, as far as known: browsers hide the full name and tell only maker and family. */
import type { DeviceReport } from "../contract/device";

/** What the browser tells of the adapter that the engine takes. */
export async function adapterInfo(): Promise<GPUAdapterInfo | undefined> {
  return (await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }))?.info;
}

export async function named(report: DeviceReport): Promise<DeviceReport> {
  if (!report.adapterName.startsWith("unnamed")) return report;
  const info = await adapterInfo();
  const words = [info?.vendor, info?.architecture].filter(Boolean).map((word) => capitalized(word as string));
  return words.length > 0 ? { ...report, adapterName: words.join(" ") } : report;
}

/** "nvidia" → "Nvidia", "swiftshader" → "Swiftshader", "gen-12lp" → "Gen-12lp" */
const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
