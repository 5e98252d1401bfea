/** The bench shows when the address has `?bench`; its code is fetched only then. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { text } from "../../app/text";

export const BENCH_ASKED_FOR = new URLSearchParams(location.search).has("bench");

const loaded = signal<ComponentType | undefined>(undefined);

if (BENCH_ASKED_FOR) {
  void import("./bench-screen").then(({ BenchScreen }) => {
    loaded.value = BenchScreen;
  });
}

export function LazyBenchScreen() {
  const BenchScreen = loaded.value;
  return BenchScreen ? <BenchScreen /> : <p>{text.loading}…</p>;
}
