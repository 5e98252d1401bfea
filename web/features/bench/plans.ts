/** The benches that the page offers, and their results as text. */
import { decimals } from "../../app/format";
import type { BenchPlan, BenchReport, BenchRow } from "../../engine/contract/bench";

export type PlanName = "quick" | "operations" | "networks";

/** Plan of a bench; `resolution` is the loaded model's. */
export function planOf(name: PlanName, resolution: number): BenchPlan {
  const shared = { rank: 32, precisions: ["f32", "f16"] } satisfies Partial<BenchPlan>;
  switch (name) {
    case "quick":
      return {
        ...shared,
        sd15: false,
        tasks: ["ops", "unet", "vae", "text", "step", "palp"],
        shapes: "quick",
        sizes: [resolution],
        quick: true,
      };
    case "operations":
      return { ...shared, sd15: true, tasks: ["ops"], shapes: "sd15", sizes: [512], quick: false };
    case "networks":
      return {
        ...shared,
        sd15: true,
        tasks: ["unet", "vae", "text", "step", "palp"],
        shapes: "sd15",
        sizes: [512],
        quick: false,
      };
  }
}

/** The cells of a row after its name. */
export function cells(row: BenchRow): string[] {
  const seconds = row.milliseconds / 1e3;
  return [
    decimals(row.milliseconds, 3),
    decimals(row.host, 3),
    decimals(row.flops / seconds / 1e12, 3),
    decimals(row.bytes / seconds / 1e9, 1),
    row.ceilingShare === null ? "" : `${decimals(row.ceilingShare * 100, 0)} %`,
  ];
}

export const nameOf = (row: BenchRow) =>
  `${row.name}${row.pass === "whole" ? "" : `, ${row.pass}`}, ${row.precision}`;

/** Text for an issue: the browser, then the whole report as JSON, folded away. */
export function bugReport(report: BenchReport, browser: string): string {
  return [
    `Bench of ${report.engine} on ${report.device.adapterName} (${report.device.backend})`,
    `Browser: ${browser}`,
    "",
    "<details><summary>Measurements</summary>",
    "",
    "```json",
    JSON.stringify(report, undefined, 1),
    "```",
    "",
    "</details>",
  ].join("\n");
}
