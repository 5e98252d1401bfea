/** Lists the models that are read directly from this device's disk; each can be used again or forgotten. */
import { FaultNotice } from "../../app/fault-notice";
import { dateTime, gigabytes } from "../../app/format";
import type { DiskModel } from "./disk-store";
import { diskTrouble, forget, isInUseFromDisk, onDisk, useFromDisk } from "./manager";
import { fetching, model } from "./model";
import { modelsText } from "./text";

const text = modelsText.onDisk;

export function DiskList() {
  if (onDisk.value.length === 0) return null;
  return (
    <section class="card" aria-label={text.title}>
      <h2>{text.title}</h2>
      <p class="hint">{text.hint}</p>
      <ul class="model-list">
        {onDisk.value.map((entry) => (
          <DiskEntry key={entry.id} entry={entry} />
        ))}
      </ul>
    </section>
  );
}

function DiskEntry({ entry }: { entry: DiskModel }) {
  const { id, name, handle, bytes, usedAt } = entry;
  const busy = fetching.value !== undefined || model.value.state === "loading";
  const trouble = diskTrouble.value;
  const dismiss = () => {
    diskTrouble.value = undefined;
  };
  return (
    <li class="model-entry">
      <h3>{name}</h3>
      {handle.kind === "directory" && handle.name !== name && <p class="hint">{text.place(handle.name)}</p>}
      <p>{text.facts(gigabytes(bytes), dateTime(usedAt))}</p>
      {trouble?.id === id && <FaultNotice fault={trouble.fault} onDismiss={dismiss} />}
      <div class="actions">
        {isInUseFromDisk(id) ? (
          <span class="verdict">{text.inUse}</span>
        ) : (
          <button type="button" class="button" disabled={busy} onClick={() => useFromDisk(entry)}>
            {text.use}
          </button>
        )}
        <button type="button" class="button quiet" disabled={busy} onClick={() => forget(entry)}>
          {text.forget}
        </button>
      </div>
    </li>
  );
}
