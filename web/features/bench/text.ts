/** Texts of the bench; not in the page's texts, so that only those who measure fetch them. */
import { inLanguage } from "../../app/language";

export const english = {
  title: "How fast is this device?",
  lead: "Measures Palpable's computations on this GPU, alone and in whole networks, and sets them against what the GPU reaches at best. Keep the tab in front, and other programs quiet.",
  what: "What to measure",
  plans: {
    quick: "Quick: small shapes, the loaded model",
    operations: "Stable Diffusion 1.5: operations",
    networks: "Stable Diffusion 1.5: networks",
  },
  software: "This is a software adapter: only the quick measurement ends in reasonable time.",
  memory: "At 512 × 512 with random weights. Needs several gigabytes of GPU memory.",
  start: "Start measuring",
  cancel: "Cancel",
  waiting: "The bench starts when the model is loaded.",
  measuring: (name: string, done: number, total: number) => `${done + 1} of ${total}: ${name}`,
  finished: "All is measured.",
  cancelled: "Cancelled. What was measured so far is below.",
  results: "Results",
  ceiling: (teraflops: string, f16: string | undefined, gigabytes: string) =>
    `At best this GPU does ${teraflops} TFLOP/s${f16 ? ` (${f16} in 16 bits)` : ""} and moves ${gigabytes} GB/s.`,
  columns: {
    name: "What",
    milliseconds: "ms",
    host: "queued, ms",
    teraflops: "TFLOP/s",
    gigabytes: "GB/s",
    share: "of best",
  },
  failed: (name: string, message: string) => `${name}: ${message}`,
  copy: "Copy for a bug report",
};

export type BenchText = typeof english;

export const text = await inLanguage(english, {
  de: async () => (await import("../../app/german/bench-text")).germanBench,
});
