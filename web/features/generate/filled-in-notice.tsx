/** Says that the settings come from another picture, and what of them could not be taken over. */
import { text } from "../../app/text";
import { Notice } from "../../ui/notice";
import { filledIn } from "./restore";

export function FilledInNotice() {
  const now = filledIn.value;
  if (!now) return null;
  const dismiss = () => {
    filledIn.value = undefined;
  };
  return (
    <Notice
      tone="hint"
      title={text.gallery.filledIn.title}
      actions={
        <button type="button" class="button" onClick={dismiss}>
          {text.faults.dismiss}
        </button>
      }
    >
      {now.notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </Notice>
  );
}
