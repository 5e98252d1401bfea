/** Set-up first, then the run in its place. */

import { useEffect } from "preact/hooks";
import { phase } from "./run";
import { Run } from "./run-view";
import { Setup } from "./setup-view";

export function PersonalizeScreen() {
  const settingUp = phase.value === "idle";
  useEffect(() => window.scrollTo(0, 0), [settingUp]);
  return settingUp ? <Setup /> : <Run />;
}
