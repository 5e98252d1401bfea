/** Card of a model before it is fetched: its size, the memory it takes and why, and its licence to accept. */
import { useState } from "preact/hooks";
import { gigabytes } from "../../app/format";
import type { OfferedChoice } from "../../engine/api";
import type { Licence, ModelOffer, ModelPlan } from "../../engine/model-choice";
import { CheckField } from "../../ui/field";
import { Notice } from "../../ui/notice";
import { namesOf } from "./incomplete-card";
import { dismiss, freeBytes, stored, use } from "./manager";
import { modelsText } from "./text";

const text = modelsText.offer;

interface OfferCardProps {
  choice: OfferedChoice;
  offer: ModelOffer;
  plan: ModelPlan;
}

export function OfferCard({ choice, offer, plan }: OfferCardProps) {
  const [accepted, setAccepted] = useState(false);
  const local = choice.kind === "files";
  const drawable = plan.pictureBytes <= plan.limitBytes;
  const free = freeBytes();
  const kept = !local || choice.keep;
  const noRoom = kept && free !== undefined && offer.bytes - offer.storedBytes > free;
  return (
    <section class="card" aria-label={offer.name}>
      <h2>{offer.name}</h2>
      <p class="hint">{local ? text.local : text.from(offer.from)}</p>
      <p>
        {sizeOf(offer, local)} {completionOf(choice)}
      </p>
      <PlanFacts plan={plan} />
      {noRoom && <Notice tone="problem">{text.noRoom(gigabytes(free))}</Notice>}
      {!local && <LicenceField licence={offer.licence} value={accepted} onValue={setAccepted} />}
      <div class="actions">
        <button
          type="button"
          class="button primary"
          disabled={!drawable || noRoom || !(local || accepted)}
          onClick={() => use(choice, offer.name)}
        >
          {local ? text.use : text.fetch}
        </button>
        <button type="button" class="button quiet" onClick={dismiss}>
          {text.dismiss}
        </button>
      </div>
    </section>
  );
}

function sizeOf({ bytes, storedBytes }: ModelOffer, local: boolean): string {
  if (local) return text.size(gigabytes(bytes));
  return storedBytes > 0
    ? text.rest(gigabytes(bytes - storedBytes), gigabytes(bytes))
    : text.toFetch(gigabytes(bytes));
}

function completionOf({ completion }: OfferedChoice): string {
  const giver = stored.value?.find(({ id }) => id === completion?.id);
  return completion && giver ? text.completed(namesOf(completion.parts), giver.name) : "";
}

function PlanFacts({ plan }: { plan: ModelPlan }) {
  const { resolution, precision, pictureBytes, trainingBytes, limitBytes } = plan;
  const limit = gigabytes(limitBytes);
  const drawable = pictureBytes <= limitBytes;
  const verdict = trainingBytes <= limitBytes ? text.fits(limit) : text.drawsOnly(limit);
  return (
    <>
      <p>
        {text.precision[precision]} {text.draws(resolution, gigabytes(pictureBytes))}{" "}
        {text.trains(gigabytes(trainingBytes))}
      </p>
      {drawable ? <p class="verdict">{verdict}</p> : <Notice tone="problem">{text.tooLarge(limit)}</Notice>}
    </>
  );
}

interface LicenceFieldProps {
  licence: Licence | null;
  value: boolean;
  onValue: (value: boolean) => void;
}

function LicenceField({ licence, value, onValue }: LicenceFieldProps) {
  const named = licence?.name;
  return (
    <>
      <p>
        {named ? text.licence(named) : text.noLicence}{" "}
        {licence && (
          <a href={licence.link} target="_blank" rel="noreferrer">
            {text.read}
          </a>
        )}
      </p>
      <CheckField label={named ? text.accept : text.acceptUnknown} value={value} onValue={onValue} />
    </>
  );
}
