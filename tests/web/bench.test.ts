/** The bench's rows and report as text. */
import { expect, test } from "vitest";
import type { BenchReport, BenchRow } from "../../web/engine/contract/bench";
import { bugReport, cells, nameOf, planOf } from "../../web/features/bench/plans";

const row: BenchRow = {
  name: "linear 4096×1280×1280",
  pass: "backward",
  precision: "f32",
  milliseconds: 2,
  host: 0.01,
  flops: 13e9,
  bytes: 50e6,
  launches: 1,
  ceilingShare: 0.456,
};

test("a row's speeds follow from its duration", () => {
  expect(cells(row)).toEqual(["2.000", "0.010", "6.500", "25.0", "46 %"]);
  expect(cells({ ...row, ceilingShare: null }).at(-1)).toBe("");
  expect(nameOf(row)).toBe("linear 4096×1280×1280, backward, f32");
  expect(nameOf({ ...row, pass: "whole" })).toBe("linear 4096×1280×1280, f32");
});

test("only the quick plan measures the loaded model, at its own size", () => {
  expect(planOf("quick", 128)).toMatchObject({ sd15: false, sizes: [128], quick: true });
  for (const name of ["operations", "networks"] as const) {
    expect(planOf(name, 128)).toMatchObject({ sd15: true, sizes: [512], quick: false });
  }
});

test("a bug report can be read back", () => {
  const report = { format: "palpable-bench-1", engine: "palpable 0.1.0", rows: [row] } as BenchReport;
  const device = { adapterName: "A GPU", backend: "BrowserWebGpu" } as BenchReport["device"];
  const text = bugReport({ ...report, device }, "A browser 1.0");
  expect(text.split("\n")[0]).toBe("Bench of palpable 0.1.0 on A GPU (BrowserWebGpu)");
  expect(text).toContain("Browser: A browser 1.0");
  expect(JSON.parse(text.split("```json")[1]?.split("```")[0] ?? "").rows).toEqual([row]);
});
