/** How far the pictures under way are, and the button that ends them. */
import { duration } from "../../app/format";
import { text } from "../../app/text";
import { unlessDoubleClick } from "../../ui/double-click";
import { ProgressBar } from "../../ui/progress-bar";
import { cancel, type Progress, progress, share } from "./drawing";

const words = text.generate;

export function DrawingProgress() {
  const now = progress.value;
  if (!now) return null;
  return (
    <>
      <ProgressBar label={labelOf(now)} done={share.value ?? 0} of={1} />
      <button type="button" class="button" onClick={unlessDoubleClick(cancel)}>
        {words.cancel}
      </button>
    </>
  );
}

function labelOf({ purpose, picture, of, step, steps, secondsLeft }: Progress): string {
  if (purpose === "comparison") return words.comparing(step, steps);
  const parts = [
    ...(of > 1 ? [words.picture(picture + 1, of)] : []),
    words.progress(step, steps),
    ...(secondsLeft !== undefined && secondsLeft > 5 ? [text.run.left(duration(secondsLeft))] : []),
  ];
  return parts.join(" · ");
}
