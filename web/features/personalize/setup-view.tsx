/** The set-up: photos, words, training, and the button that starts it. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { inPageLanguage } from "../../app/engine-words";
import { FaultSentence } from "../../app/fault-notice";
import { device } from "../../app/studio";
import { text } from "../../app/text";
import type { Method } from "../../engine/contract/training";
import { bound } from "../../ui/bound";
import { CheckField, NumberField, SelectField, SliderField } from "../../ui/field";
import { Notice } from "../../ui/notice";
import { StartButton } from "../../ui/start-button";
import { memoryLimit } from "../models/memory-limit";
import { model } from "../models/model";
import { AdvancedSettings } from "./advanced-settings";
import { keepsPhotos } from "./keep-photos";
import * as previews from "./preview-choice";
import { QualityChoice } from "./quality-choice";
import { start } from "./run";
import { settingsText as choices } from "./settings-text";
import * as setup from "./setup";
import { SubjectCards } from "./subject-cards";
import { photos } from "./subjects";
import { TimeChoice } from "./time-choice";
import { findUnfinished } from "./unfinished";
import { UnfinishedRuns } from "./unfinished-runs";
import { Wishes } from "./wishes";

const words = text.personalize;

export function Setup() {
  // A layout effect, to be part of the first paint: words that came later would move everything below them.
  useLayoutEffect(setup.prepare, []);
  const engineState = device.value.state;
  // Once more with a fresh engine: the tab that had the one before may have left a training.
  useEffect(() => void findUnfinished(), [engineState]);
  // The engine's defaults depend on the noun and are there once a model is.
  useSignalEffect(() => {
    if (model.value.state === "ready") void setup.loadDefaults();
  });
  useSignalEffect(() => {
    // The plan depends on the memory limit too; the engine is told a new limit before it is asked for the
    // plan.
    const [settings, previews] = [setup.chosenSettings.value, setup.previews.value, memoryLimit.value];
    const count = photos.value.length;
    if (model.value.state === "ready" && settings) void setup.planMemory(settings, count, previews);
  });
  return (
    <div class="screen">
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <UnfinishedRuns />
      <form
        class="setup"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <SubjectCards />
        <div class="setup-side">
          <Wishes />
          <Training />
        </div>
      </form>
    </div>
  );
}

const METHODS = Object.entries(choices.methods).map(([method, [name]]) => [method as Method, name] as const);

function Training() {
  const settings = setup.settings.value;
  const ready = model.value.state === "ready" && settings !== undefined;
  const slow = device.value.state === "ready" && device.value.report.software;
  const broken = device.value.state === "fault" || model.value.state === "fault";
  const waiting = broken ? words.noModel : words.waitingForModel;
  const obstacle = ready ? setup.obstacle.value : waiting;
  const refusal = obstacle ? undefined : setup.refusal.value;
  return (
    <section class="card" aria-labelledby="training-title">
      <h2 id="training-title">{words.timeTitle}</h2>
      {settings && (
        <>
          <SelectField
            label={choices.method}
            hint={choices.methods[setup.method.value][1]}
            options={METHODS}
            value={setup.method.value}
            onValue={setup.chooseMethod}
          />
          <TimeChoice />
          <SliderField
            label={words.steps}
            hint={words.stepsHint}
            min={1}
            max={400}
            step={1}
            value={settings.steps}
            onValue={(steps) => setup.change({ steps })}
          />
          <div class="pair">
            <SelectField
              label={words.previews}
              options={words.previewOptions}
              {...bound(previews.previewEvery)}
            />
            <NumberField
              label={words.previewSteps}
              min={1}
              max={50}
              step={1}
              value={previews.previewSteps.value}
              disabled={previews.previewEvery.value === 0}
              onValue={(steps) => {
                previews.previewSteps.value = steps;
              }}
            />
          </div>
          <QualityChoice />
          <CheckField label={words.keepPhotos} hint={words.keepPhotosHint} {...bound(keepsPhotos)} />
          <AdvancedSettings settings={settings} />
        </>
      )}
      {setup.needs.value && (
        <p class="hint" role="status">
          {setup.needs.value}
        </p>
      )}
      {setup.remarks.value.map((remark) => (
        <Notice key={remark} tone="hint">
          {inPageLanguage(remark)}
        </Notice>
      ))}
      {slow && <Notice tone="hint">{words.slowDevice}</Notice>}
      <StartButton obstacle={obstacle ?? refusal?.message} describedBy="obstacle">
        {words.start}
      </StartButton>
      <p class="hint" id="obstacle" role="status">
        {obstacle}
        {refusal && <FaultSentence fault={refusal} />}
      </p>
    </section>
  );
}
