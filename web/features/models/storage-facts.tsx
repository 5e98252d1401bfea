/** How much of the browser's storage is used, and whether it has promised to keep it. */
import { useState } from "preact/hooks";
import { gigabytes } from "../../app/format";
import { Notice } from "../../ui/notice";
import { persist, storage } from "./manager";
import { modelsText } from "./text";

const text = modelsText.storage;
/** Used share of the storage from which on it counts as nearly full. */
const NEARLY_FULL = 0.9;

export function StorageFacts() {
  const [refused, setRefused] = useState(false);
  const now = storage.value;
  if (!now || now.quota === 0) return null;
  return (
    <>
      <p class="hint">
        {text.used(gigabytes(now.usage), gigabytes(now.quota))}{" "}
        {now.persisted ? text.persisted : text.notPersisted}
      </p>
      {now.usage > NEARLY_FULL * now.quota && <Notice tone="problem">{text.nearlyFull}</Notice>}
      {!now.persisted && (
        <div class="actions">
          <button type="button" class="button" onClick={async () => setRefused(!(await persist()))}>
            {text.persist}
          </button>
          <span role="status">{refused ? text.refused : ""}</span>
        </div>
      )}
    </>
  );
}
