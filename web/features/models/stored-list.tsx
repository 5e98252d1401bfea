/** Lists the models in the browser's storage with size and last use; each can be used again or deleted. */
import { dateTime, gigabytes } from "../../app/format";
import { parseModelAddress } from "../../engine/model-address";
import type { StoredModel } from "../../engine/model-choice";
import { AskFirst } from "../../ui/ask-first";
import { isInUse, lookAt, remove, stored, use } from "./manager";
import { fetching } from "./model";
import { modelsText } from "./text";

const text = modelsText.stored;

export function StoredList() {
  const models = stored.value;
  if (!models) return <p class="empty">{text.unavailable}</p>;
  if (models.length === 0) return <p class="empty">{text.empty}</p>;
  return (
    <ul class="model-list">
      {models.map((entry) => (
        <StoredEntry key={entry.id} entry={entry} />
      ))}
    </ul>
  );
}

function StoredEntry({ entry }: { entry: StoredModel }) {
  const { id, name, from } = entry;
  const busy = fetching.value !== undefined;
  // Where the rest of one that was fetched in part is to be had.
  const rest = entry.whole ? undefined : parseModelAddress(from);
  return (
    <li class="model-entry">
      <h3>{name}</h3>
      {from !== "" && from !== name && <p class="hint">{from}</p>}
      <p>{factsOf(entry)}</p>
      <AskFirst question={text.question(name)} yes={text.yes} no={text.no} onYes={() => remove(id)}>
        {(ask) => (
          <>
            {isInUse(id) ? (
              <span class="verdict">{text.inUse}</span>
            ) : (
              entry.whole && (
                <button
                  type="button"
                  class="button"
                  disabled={busy}
                  onClick={() => use({ kind: "stored", id }, name)}
                >
                  {text.use}
                </button>
              )
            )}
            {rest && (
              <button type="button" class="button" disabled={busy} onClick={() => lookAt(rest)}>
                {text.goOn}
              </button>
            )}
            <button type="button" class="button quiet" disabled={busy} onClick={ask}>
              {text.delete}
            </button>
          </>
        )}
      </AskFirst>
    </li>
  );
}

function factsOf({ bytes, bytesTotal, whole, usedAt }: StoredModel): string {
  const size = gigabytes(bytes);
  if (bytesTotal === 0) return text.damaged(size);
  if (!whole) return text.partly(size, gigabytes(bytesTotal));
  return text.whole(size, usedAt > 0 ? dateTime(usedAt) : text.never);
}
