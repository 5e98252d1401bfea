/** What this browser keeps for the page, and the way to delete all of it. */
import { useEffect, useState } from "preact/hooks";
import { FaultNotice } from "../../app/fault-notice";
import { gigabytes } from "../../app/format";
import { text } from "../../app/text";
import { wipe } from "../../app/wipe";
import { type Fault, toFault } from "../../engine/fault";
import { AskFirst } from "../../ui/ask-first";
import { model } from "../models/model";

const words = text.wipe;

export function KeptData() {
  const [bytes, setBytes] = useState<number | undefined>();
  const [fault, setFault] = useState<Fault | undefined>();
  // Read again with each change of the model: a first visit's files come while this screen is open.
  useEffect(() => {
    void navigator.storage?.estimate().then(
      ({ usage }) => setBytes(usage),
      () => undefined,
    );
  }, [model.value]);
  const wipeAll = async () => {
    setFault(undefined);
    await wipe().catch((error: unknown) => setFault(toFault(error)));
  };
  return (
    <section class="card">
      <h2>{words.title}</h2>
      <p>{words.kept(bytes === undefined ? undefined : gigabytes(bytes))}</p>
      {fault && <FaultNotice fault={fault} onDismiss={() => setFault(undefined)} />}
      <AskFirst question={words.question} yes={words.yes} no={words.no} onYes={wipeAll}>
        {(ask) => (
          <button type="button" class="button danger" onClick={ask}>
            {words.all}
          </button>
        )}
      </AskFirst>
    </section>
  );
}
