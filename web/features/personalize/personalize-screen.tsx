/** Personalize screen: the set-up, replaced by the run once it begins. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { painted } from "../../app/painted";
import { lazyScreen } from "../../ui/lazy-screen";
import { phase } from "./run";
import { Setup } from "./setup-view";

const loadRun = async () => (await import("./run-view")).Run;
const Run = lazyScreen(loadRun);

export function PersonalizeScreen() {
  const settingUp = phase.value === "idle";
  const first = useRef(true);
  useLayoutEffect(() => {
    window.scrollTo(0, 0);
    // The pressed button is gone, so a screen reader continues from the top of what replaced it.
    if (!first.current) document.getElementById("content")?.focus({ preventScroll: true });
    first.current = false;
  }, [settingUp]);
  // Fetched during the set-up, since a training must not wait for a network. The run itself reports a failed
  // fetch.
  useEffect(
    () =>
      void painted()
        .then(loadRun)
        .catch(() => undefined),
    [],
  );
  return settingUp ? <Setup /> : <Run />;
}
