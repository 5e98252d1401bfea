/** Offers a notification for the training's end; the browser asks for permission at the click. */
import { askToNotify, permission } from "../../app/notifications";
import { text } from "../../app/text";

export function TellMe() {
  if (permission.value === "granted") return <p class="hint">{text.run.willTell}</p>;
  if (permission.value !== "default") return null;
  return (
    <div class="actions">
      <button type="button" class="button quiet" onClick={askToNotify}>
        {text.run.tellMe}
      </button>
    </div>
  );
}
