/** A checkpoint that is not all of a model: what it lacks, and which model here shall give that. */
import { useState } from "preact/hooks";
import type { OfferedChoice } from "../../engine/api";
import type { ModelOffer } from "../../engine/model-choice";
import { SelectField } from "../../ui/field";
import { Notice } from "../../ui/notice";
import { dismiss, lookAt, stored } from "./manager";
import { modelsText } from "./text";

const text = modelsText.incomplete;

export function IncompleteCard({ choice, offer }: { choice: OfferedChoice; offer: ModelOffer }) {
  const givers = (stored.value ?? []).filter(({ whole, inParts }) => whole && inParts);
  const [chosen, setChosen] = useState<string | undefined>();
  const id = chosen ?? givers[0]?.id;
  const hasUnet = !offer.lacks.includes("unet");
  return (
    <section class="card" aria-label={offer.name}>
      <h2>{offer.name}</h2>
      <Notice tone="problem">
        {hasUnet ? text.lacks(offer.lacks.flatMap((part) => text.parts[part] ?? [])) : text.noUnet}{" "}
        {hasUnet && (givers.length > 0 ? text.choose : text.nothingHere)}
      </Notice>
      {hasUnet && id !== undefined && (
        <SelectField
          label={text.from}
          options={givers.map(({ id, name }) => [id, name] as const)}
          value={id}
          onValue={setChosen}
        />
      )}
      <div class="actions">
        {hasUnet && id !== undefined && (
          <button
            type="button"
            class="button primary"
            onClick={() => lookAt({ ...choice, completion: { id, parts: offer.lacks } })}
          >
            {text.complete}
          </button>
        )}
        <button type="button" class="button quiet" onClick={dismiss}>
          {modelsText.offer.dismiss}
        </button>
      </div>
    </section>
  );
}
