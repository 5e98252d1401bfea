/** Progress of a model that is fetched into the browser's storage, with buttons to pause and stop it. */
import { gigabytes } from "../../app/format";
import { Icon } from "../../ui/icon";
import { ProgressBar } from "../../ui/progress-bar";
import { type Fetching, pauseFetch, stopFetch } from "./model";
import { modelsText } from "./text";

const text = modelsText.fetching;

export function FetchProgress({ fetching }: { fetching: Fetching }) {
  const { name, bytesLoaded, bytesTotal, paused } = fetching;
  const label = text.progress(gigabytes(bytesLoaded), gigabytes(bytesTotal));
  return (
    <section class="card" aria-label={text.title(name)}>
      <h2>{text.title(name)}</h2>
      <ProgressBar label={label} done={bytesLoaded} of={bytesTotal} />
      <p class="hint">{paused ? text.paused : text.hint}</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => pauseFetch(!paused)}>
          <Icon name={paused ? "play" : "pause"} />
          {paused ? text.resume : text.pause}
        </button>
        <button type="button" class="button quiet" onClick={stopFetch}>
          {text.cancel}
        </button>
      </div>
    </section>
  );
}
