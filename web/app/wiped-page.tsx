/** The page after everything that it kept was deleted. */
import { text } from "./text";

export function WipedPage() {
  return (
    <main>
      <div class="screen narrow">
        <h1>{text.wipe.done}</h1>
        <p class="lead" role="status">
          {text.wipe.doneHint}
        </p>
        <div class="actions">
          <button type="button" class="button" onClick={() => location.reload()}>
            {text.wipe.afresh}
          </button>
        </div>
      </div>
    </main>
  );
}
