/** A screen whose code is fetched when it is first shown, so that the first paint doesn't wait for it. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { text } from "../app/text";
import { Notice } from "./notice";

export function lazyScreen(load: () => Promise<ComponentType>): ComponentType {
  const screen = signal<ComponentType | undefined>(undefined);
  const failed = signal(false);
  const fetchScreen = async () => {
    if (screen.peek()) return;
    failed.value = false;
    try {
      screen.value = await load();
    } catch {
      // Without a network, or after an update took the file away.
      failed.value = true;
    }
  };
  return function LazyScreen() {
    useEffect(() => void fetchScreen(), []);
    const Screen = screen.value;
    if (Screen) return <Screen />;
    if (!failed.value) return <p>{text.loading}…</p>;
    return (
      <Notice
        tone="problem"
        actions={
          <button type="button" class="button" onClick={fetchScreen}>
            {text.faults.retry}
          </button>
        }
      >
        {text.screenNotFetched}
      </Notice>
    );
  };
}
