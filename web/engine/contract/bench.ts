/** Measuring the kernels. */
import type { DeviceReport } from "./device";

export type BenchTask = "ops" | "unet" | "vae" | "text" | "step" | "palp";

/** What the page asks of a bench; the engine fills in the rest. */
export interface BenchPlan {
  /** Whether Stable Diffusion 1.5's architecture with random weights is measured, not the loaded model. */
  sd15: boolean;
  tasks: BenchTask[];
  shapes: "sd15" | "demo" | "quick";
  /** Sides of the pictures in pixels. */
  sizes: number[];
  rank: number;
  precisions: ("f32" | "f16")[];
  /** Whether samples are few and short. */
  quick: boolean;
}

export interface BenchRow {
  name: string;
  pass: "forward" | "backward" | "whole";
  precision: "f32" | "f16";
  /** Duration of one run: the median of the samples. */
  milliseconds: number;
  /** Milliseconds until a run was queued. */
  host: number;
  flops: number;
  bytes: number;
  launches: number;
  /** Duration at the device's ceiling, divided by the measured duration. */
  ceilingShare: number | null;
}

/** The fields that the page shows; the whole goes into a report. */
export interface BenchReport {
  format: string;
  engine: string;
  device: DeviceReport;
  ceiling: { teraflops: number; teraflopsF16: number | null; gigabytesPerSecond: number } | null;
  rows: BenchRow[];
}

export interface BenchProgress {
  done: number;
  total: number;
  /** What the next step measures; `null` when all is done. */
  next: string | null;
}

export interface Bench {
  progress(): BenchProgress;
  step(): Promise<void>;
  report(): BenchReport;
  free(): void;
}
