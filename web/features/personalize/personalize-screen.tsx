/** Set-up first, then the run in its place. */

import { useEffect, useRef } from "preact/hooks";
import { painted } from "../../app/painted";
import { lazyScreen } from "../../ui/lazy-screen";
import { phase } from "./run";
import { Setup } from "./setup-view";

const loadRun = async () => (await import("./run-view")).Run;
const Run = lazyScreen(loadRun);

export function PersonalizeScreen() {
  const settingUp = phase.value === "idle";
  const first = useRef(true);
  useEffect(() => {
    window.scrollTo(0, 0);
    // The button that was pressed is gone: a screen reader goes on from the top of what took its place.
    if (!first.current) document.getElementById("content")?.focus({ preventScroll: true });
    first.current = false;
  }, [settingUp]);
  // Fetched while the set-up is filled in: a training must not wait for a network. The run itself says what failed.
  useEffect(
    () =>
      void painted()
        .then(loadRun)
        .catch(() => undefined),
    [],
  );
  return settingUp ? <Setup /> : <Run />;
}
