/** What is to be said of the files imported last, until it is dismissed. */
import { sentenceFor } from "../../app/fault-notice";
import { text } from "../../app/text";
import { Notice } from "../../ui/notice";
import { outcome } from "./import";

export function ImportNotice() {
  const said = outcome.value;
  if (said.length === 0) return null;
  const dismiss = () => {
    outcome.value = [];
  };
  return (
    <Notice
      tone={said.every((each) => typeof each === "string") ? "hint" : "problem"}
      actions={
        <button type="button" class="button" onClick={dismiss}>
          {text.faults.dismiss}
        </button>
      }
    >
      {said.map((each, at) => (
        <p key={at}>{typeof each === "string" ? each : sentenceFor(each)}</p>
      ))}
    </Notice>
  );
}
