/** For some seconds after a deletion: the way back. The seconds don't run while pointer or focus is on it. */
import { useEffect } from "preact/hooks";
import { text } from "../../app/text";
import { Icon } from "../../ui/icon";
import { holdTimer, startTimer, undo, undoable } from "./deletion";

const words = text.gallery;

export function UndoNotice() {
  const { length } = undoable.value;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const writing = event.target instanceof Element && event.target.closest("input[type=search]");
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || writing) return;
      event.preventDefault();
      void undo();
    };
    if (length > 0) window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [length > 0]);
  if (length === 0) return null;
  return (
    <section class="floating-bar" aria-label={words.deleted(length)}>
      <strong>{words.deleted(length)}</strong>
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
        {words.undo}
      </button>
    </section>
  );
}
