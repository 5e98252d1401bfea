/** Set-up first, then the run in its place. */

import { phase } from "./run";
import { Run } from "./run-view";
import { Setup } from "./setup-view";

export function PersonalizeScreen() {
  return phase.value === "idle" ? <Setup /> : <Run />;
}
