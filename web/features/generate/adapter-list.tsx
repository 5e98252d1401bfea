/** The adapters at hand: which act, and how strongly. */
import { text } from "../../app/text";
import { SliderField } from "../../ui/field";
import { knownAs, library, storageRead, update } from "../adapters/library";

const words = text.generate;

export function AdapterList() {
  const entries = library.value;
  return (
    <section class="card" aria-labelledby="adapters-title">
      <h2 id="adapters-title">{words.adaptersTitle}</h2>
      {entries.length === 0 && (
        <p class="hint">{storageRead.value ? words.noAdapters : text.adapters.notYet}</p>
      )}
      {entries.map(({ key, report, active, strength }) => {
        const name = knownAs(report);
        return (
          <fieldset class="adapter-row" key={key} aria-label={name}>
            <label class="check">
              <input
                type="checkbox"
                checked={active}
                onChange={(event) => update(key, { active: event.currentTarget.checked })}
              />
              <span class="word">{name}</span>
            </label>
            <SliderField
              label={words.strength}
              min={0}
              max={1.5}
              step={0.05}
              value={strength}
              disabled={!active}
              onValue={(value) => update(key, { strength: value })}
            />
          </fieldset>
        );
      })}
    </section>
  );
}
