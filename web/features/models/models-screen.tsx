/** Models screen: the model in use, sources of further ones, and the models stored in this browser. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { HeldFault } from "../../app/fault-notice";
import { gigabytes, parameters } from "../../app/format";
import { device } from "../../app/studio";
import type { OfferedChoice } from "../../engine/api";
import type { ModelOffer } from "../../engine/model-choice";
import { CheckField } from "../../ui/field";
import { DiskList } from "./disk-list";
import { FetchProgress } from "./fetch-progress";
import { IncompleteCard } from "./incomplete-card";
import { fault, look, lookAgain, refresh, use } from "./manager";
import { MemoryLimitField } from "./memory-limit-field";
import { choice, fetching, loadDemoModel, model } from "./model";
import { ModelPicker } from "./model-picker";
import { OfferCard } from "./offer-card";
import { StorageFacts } from "./storage-facts";
import { StoredList } from "./stored-list";
import { modelsText as text } from "./text";
import { isOutdated, setWideActivations, wideActivations } from "./wide-activations";

export function ModelsScreen() {
  useEffect(() => void refresh(), []);
  const shown = look.value;
  return (
    <div class="screen narrow">
      <h1>{text.title}</h1>
      <p class="lead">{text.lead}</p>
      <HeldFault of={fault} />
      <InUse />
      {fetching.value && <FetchProgress fetching={fetching.value} />}
      {shown.state === "offered" && !fetching.value && <Offer choice={shown.choice} offer={shown.offer} />}
      <ModelPicker />
      <DiskList />
      <section class="card" aria-label={text.stored.title}>
        <h2>{text.stored.title}</h2>
        <StoredList />
        <StorageFacts />
      </section>
    </div>
  );
}

/** Offer of a model. It takes the focus and scrolls into view, since it appears above what was pressed. */
function Offer({ choice, offer }: { choice: OfferedChoice; offer: ModelOffer }) {
  const { plan } = offer;
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    place.current?.scrollIntoView();
    place.current?.focus({ preventScroll: true });
  }, [offer]);
  return (
    <div ref={place} class="offer" tabIndex={-1}>
      {plan ? (
        <OfferCard choice={choice} offer={offer} plan={plan} />
      ) : (
        <IncompleteCard choice={choice} offer={offer} />
      )}
    </div>
  );
}

function InUse() {
  const now = model.value;
  if (now.state !== "ready") return null;
  const { report } = now;
  const memory = gigabytes(report.pictureBytes);
  return (
    <section class="card">
      <h2>{text.inUse}</h2>
      <p class="verdict">{choice.value.kind === "embedded" ? text.demo : report.name}</p>
      <p>{text.facts(parameters(report.parameters), report.resolution, memory)}</p>
      <MemoryLimitField onChange={lookAgain} />
      <WideActivationsField />
      {choice.value.kind !== "embedded" && (
        <div class="actions">
          <button type="button" class="button" disabled={!!fetching.value} onClick={loadDemoModel}>
            {text.useDemo}
          </button>
        </div>
      )}
    </section>
  );
}

/** Only where there is a choice. The model in use is loaded anew if it is concerned. */
function WideActivationsField() {
  const opened = device.value;
  const now = model.value;
  if (opened.state !== "ready" || !opened.report.float16) return null;
  return (
    <CheckField
      label={text.wide}
      hint={text.wideHint}
      value={wideActivations.value}
      onValue={async (wide) => {
        await setWideActivations(wide);
        if (now.state === "ready" && isOutdated(now.report.precision))
          await use(choice.value, now.report.name);
        await lookAgain();
      }}
    />
  );
}
