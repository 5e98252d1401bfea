/** For visitors who look away from long work: progress in the title, screen kept on, a notification. */
import { computed, effect } from "@preact/signals";
import { notify } from "../../app/notifications";
import { text } from "../../app/text";
import { keepScreenOn } from "../../app/wake-lock";
import { pendingCalls } from "../../engine/client";
import { share } from "../generate/drawing";
import { fetching } from "../models/model";
import * as run from "./run";

/** Progress of the work under way in percent; a training counts before the previews that it draws. */
const percent = computed(() => {
  const last = run.records.value.at(-1);
  if (run.busy.value) return last && Math.floor((100 * last.step) / last.steps);
  return share.value === undefined ? undefined : Math.floor(100 * share.value);
});

export function helpWhoIsAway(): void {
  const halted = computed(() => run.phase.value === "paused" || fetching.value?.paused === true);
  keepScreenOn(computed(() => pendingCalls.value > 0 && !halted.value));
  effect(() => {
    document.title = percent.value === undefined ? text.appName : text.run.tabTitle(percent.value);
  });
  effect(() => {
    const word = run.runSettings.peek()?.placeholder ?? "";
    if (run.phase.value === "done") void notify(text.run.done(word));
    if (run.phase.value === "failed") void notify(text.run.failedTitle);
  });
}
