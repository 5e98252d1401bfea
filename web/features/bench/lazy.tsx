/** The bench's code is fetched when it is first shown: few visitors ever measure. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { text } from "../../app/text";

const loaded = signal<ComponentType | undefined>(undefined);

async function load(): Promise<void> {
  const { BenchScreen } = await import("./bench-screen");
  loaded.value = BenchScreen;
}

export function LazyBenchScreen() {
  useEffect(() => void load(), []);
  const BenchScreen = loaded.value;
  return BenchScreen ? <BenchScreen /> : <p>{text.loading}…</p>;
}
