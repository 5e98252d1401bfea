/** Choice of the training time: three presets, with the time that each takes on this device. */
import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { duration } from "../../app/format";
import { device } from "../../app/studio";
import type { TimePlan } from "../../engine/contract/training";
import { storageRead } from "../adapters/library";
import { model } from "../models/model";
import { busy } from "./run";
import { settingsText } from "./settings-text";
import * as setup from "./setup";
import * as time from "./time-plans";

const words = settingsText.time;

export function TimeChoice() {
  // On a device that computes on the processor, measuring takes minutes, so it must be asked for.
  const slow = device.value.state === "ready" && device.value.report.software;
  const asksFirst = slow || time.declined.value;
  useSignalEffect(() => {
    if (model.value.state !== "ready" || device.value.state !== "ready" || busy.value) return;
    // The engine does one thing at a time: the adapters of earlier visits come first.
    if (!storageRead.value) return;
    const asksFirst = device.value.report.software || time.declined.value;
    if (!asksFirst || time.isMeasured(setup.method.value)) void time.measure();
  });
  // What nobody asked for must not keep other screens waiting.
  useEffect(() => (asksFirst ? undefined : time.stopMeasuring), [asksFirst]);
  const { state } = time.measured.value;
  const plans = time.plans.value;
  if (time.failed.value) return null;
  return (
    <fieldset class="time-choice" aria-label={words.title}>
      {plans?.map((plan) => (
        <TimeButton key={plan.preset} plan={plan} />
      ))}
      {!plans && state === "measuring" && (
        <div class="actions">
          <span class="hint" role="status">
            {words.measuring}
          </span>
          <button type="button" class="button quiet" onClick={time.declineMeasuring}>
            {words.cancel}
          </button>
        </div>
      )}
      {!plans && state !== "measuring" && asksFirst && model.value.state === "ready" && (
        <div class="actions">
          <button type="button" class="button" onClick={time.measure}>
            {words.measure}
          </button>
          <span class="hint">{words.measureHint}</span>
        </div>
      )}
    </fieldset>
  );
}

function TimeButton({ plan }: { plan: TimePlan }) {
  const [name, goodFor] = words.presets[plan.preset];
  return (
    <button
      type="button"
      class="time-button"
      aria-pressed={time.chosen.value?.preset === plan.preset}
      onClick={() => time.choose(plan)}
    >
      <strong>{name}</strong>
      <span>{words.about(duration(plan.seconds))}</span>
      <span class="hint">
        {goodFor} {words.size(plan.size, plan.settings.steps)}
      </span>
    </button>
  );
}
