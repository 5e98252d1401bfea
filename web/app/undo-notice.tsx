/** Offers to undo a removal for some seconds, which don't run while pointer or focus is on the notice. */
import { useEffect } from "preact/hooks";
import { Icon } from "../ui/icon";
import { text } from "./text";
import { holdTimer, startTimer, undo, undoable } from "./undo";

/** Elements with their own undo, such as fields and dialogs. */
const OWN_UNDO = "input:not([type=checkbox], [type=range]), textarea, dialog";

export function UndoNotice() {
  const removal = undoable.value;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const elsewhere = event.target instanceof Element && event.target.closest(OWN_UNDO);
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || elsewhere) return;
      event.preventDefault();
      void undo();
    };
    if (removal) window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [removal]);
  if (!removal) return null;
  return (
    <section class="floating-bar undo-notice" aria-label={removal.sentence}>
      <strong>{removal.sentence}</strong>
      <button
        type="button"
        class="button"
        aria-keyshortcuts="Control+Z Meta+Z"
        onClick={undo}
        onPointerEnter={holdTimer}
        onPointerLeave={startTimer}
        onFocus={holdTimer}
        onBlur={startTimer}
      >
        <Icon name="again" />
        {text.undo}
      </button>
    </section>
  );
}
