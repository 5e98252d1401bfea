/** Card for an incomplete checkpoint: the parts it lacks, and a choice of stored models that give them. */
import { useState } from "preact/hooks";
import { FaultNotice } from "../../app/fault-notice";
import type { OfferedChoice } from "../../engine/api";
import type { Fault } from "../../engine/fault";
import type { ModelOffer, StoredModel } from "../../engine/model-choice";
import { SelectField } from "../../ui/field";
import { Notice } from "../../ui/notice";
import { complete, dismiss, stored } from "./manager";
import { modelsText } from "./text";

const text = modelsText.incomplete;

/** Readable names of diffusers' folders. */
export const namesOf = (parts: readonly string[]) => parts.flatMap((part) => text.parts[part] ?? []);

export function IncompleteCard({ choice, offer }: { choice: OfferedChoice; offer: ModelOffer }) {
  const givers = (stored.value ?? []).filter(({ whole, inParts }) => whole && inParts);
  const hasUnet = !offer.lacks.includes("unet");
  return (
    <section class="card" aria-label={offer.name}>
      <h2>{offer.name}</h2>
      <Notice tone={hasUnet && givers.length > 0 ? "hint" : "problem"}>
        {hasUnet ? text.lacks(namesOf(offer.lacks)) : text.noUnet}{" "}
        {hasUnet && (givers.length > 0 ? text.choose : text.nothingHere)}
      </Notice>
      {hasUnet && givers.length > 0 ? (
        <Completion choice={choice} offer={offer} givers={givers} />
      ) : (
        <div class="actions">
          <Dismiss />
        </div>
      )}
    </section>
  );
}

interface CompletionProps {
  choice: OfferedChoice;
  offer: ModelOffer;
  givers: StoredModel[];
}

function Completion({ choice, offer, givers }: CompletionProps) {
  const [chosen, setChosen] = useState(givers[0]?.id ?? "");
  const [fault, setFault] = useState<Fault | undefined>();
  const [looking, setLooking] = useState(false);
  const start = async () => {
    setLooking(true);
    setFault(undefined);
    setFault(await complete(choice, offer, chosen));
    setLooking(false);
  };
  return (
    <>
      <SelectField
        label={text.from}
        options={givers.map((giver) => [giver.id, nameOf(giver)] as const)}
        value={chosen}
        onValue={(id) => {
          setChosen(id);
          setFault(undefined);
        }}
      />
      {fault && <FaultNotice fault={fault} onDismiss={() => setFault(undefined)} />}
      <div class="actions">
        <button type="button" class="button primary" disabled={looking} onClick={start}>
          {text.complete}
        </button>
        <Dismiss />
        <span role="status">{looking ? text.completing : ""}</span>
      </div>
    </>
  );
}

/** Name of a model with its origin, since two of the same name come from different places. */
const nameOf = ({ name, from }: StoredModel) => (from && from !== name ? text.giver(name, from) : name);

const Dismiss = () => (
  <button type="button" class="button quiet" onClick={dismiss}>
    {modelsText.offer.dismiss}
  </button>
);
