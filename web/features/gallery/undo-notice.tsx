/** For some seconds after a deletion: the way back. The seconds don't run while pointer or focus is on it. */
import { text } from "../../app/text";
import { Icon } from "../../ui/icon";
import { holdTimer, startTimer, undo, undoable } from "./deletion";

const words = text.gallery;

export function UndoNotice() {
  const { length } = undoable.value;
  if (length === 0) return null;
  return (
    <section class="floating-bar" aria-label={words.deleted(length)}>
      <strong>{words.deleted(length)}</strong>
      <button
        type="button"
        class="button"
        onClick={undo}
        onPointerEnter={holdTimer}
        onPointerLeave={startTimer}
        onFocus={holdTimer}
        onBlur={startTimer}
      >
        <Icon name="again" />
        {words.undo}
      </button>
    </section>
  );
}
