/** Set-up first, then the run in its place. */

import { useEffect } from "preact/hooks";
import { painted } from "../../app/painted";
import { lazyScreen } from "../../ui/lazy-screen";
import { phase } from "./run";
import { Setup } from "./setup-view";

const loadRun = async () => (await import("./run-view")).Run;
const Run = lazyScreen(loadRun);

export function PersonalizeScreen() {
  const settingUp = phase.value === "idle";
  useEffect(() => window.scrollTo(0, 0), [settingUp]);
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
