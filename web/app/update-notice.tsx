/** Says that a new version is available. It is taken only when asked for, never while a tab is at work. */
import { Notice } from "../ui/notice";
import { text } from "./text";
import { takeUpdate, takeUpdateLater, update } from "./updates";

export function UpdateNotice() {
  if (update.value === "none") return null;
  return (
    <Notice
      tone="hint"
      title={text.update.title}
      actions={
        <>
          <button type="button" class="button" onClick={takeUpdate}>
            {text.update.reload}
          </button>
          <button type="button" class="button quiet" onClick={takeUpdateLater}>
            {text.update.later}
          </button>
        </>
      }
    >
      <span role="status">{update.value === "working" ? text.update.working : text.update.ready}</span>
    </Notice>
  );
}
