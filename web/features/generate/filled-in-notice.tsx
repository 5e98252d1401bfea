/** Says that the settings come from another picture, and which of them could not be taken over. */
import { text } from "../../app/text";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { filledIn, keepFilledIn, undoFillIn } from "./restore";

export function FilledInNotice() {
  const now = filledIn.value;
  if (!now) return null;
  return (
    <Notice
      tone="hint"
      title={text.gallery.filledIn.title}
      actions={
        <>
          <button type="button" class="button" onClick={undoFillIn}>
            <Icon name="again" />
            {text.undo}
          </button>
          <button type="button" class="button" onClick={keepFilledIn}>
            {text.faults.dismiss}
          </button>
        </>
      }
    >
      {[...new Set(now.notes)].map((note) => (
        <p key={note}>{note}</p>
      ))}
    </Notice>
  );
}
