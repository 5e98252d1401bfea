/** The set-up: photos, words, training, and the button that starts it. */
import { useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { device } from "../../app/studio";
import { text } from "../../app/text";
import type { Method } from "../../engine/contract";
import { NumberField, SelectField, SliderField, TextField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { model } from "../models/model";
import { AdvancedSettings } from "./advanced-settings";
import { findUnfinished } from "./checkpoints";
import { PhotoPicker } from "./photo-picker";
import { start } from "./run";
import { settingsText as choices } from "./settings-text";
import * as setup from "./setup";
import { UnfinishedRuns } from "./unfinished-runs";

const words = text.personalize;
const MOST_FURTHER_TARGETS = 7;

export function Setup() {
  useEffect(() => {
    void setup.prepare();
    void findUnfinished();
  }, []);
  // The engine's defaults depend on the noun and are there once a model is.
  useSignalEffect(() => {
    if (model.value.state === "ready") void setup.loadDefaults();
  });
  useSignalEffect(() => {
    const [settings, photos, limit] = [setup.settings.value, setup.photos.value, setup.memoryLimit.value];
    if (model.value.state === "ready" && settings) void setup.planMemory(settings, photos.length, limit);
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
        <PhotoPicker />
        <div class="setup-side">
          <Words />
          <Training />
        </div>
      </form>
    </div>
  );
}

function Words() {
  return (
    <section class="card" aria-labelledby="words-title">
      <h2 id="words-title">{words.wordsTitle}</h2>
      <TextField
        label={words.noun}
        hint={words.nounHint}
        placeholder={words.nounPlaceholder}
        value={setup.classNoun.value}
        onValue={(value) => {
          setup.classNoun.value = value;
        }}
      />
      <TextField
        label={words.target}
        hint={words.targetHint(setup.classNoun.value.trim())}
        rows={3}
        value={setup.target.value}
        onValue={(value) => {
          setup.target.value = value;
        }}
      />
      {setup.examples.value.length > 0 && (
        <fieldset class="chips" aria-label={words.examplesTitle}>
          {setup.examples.value.map((example) => (
            <button
              key={example}
              type="button"
              class="chip"
              aria-pressed={setup.target.value === example}
              onClick={() => {
                setup.target.value = example;
              }}
            >
              {example}
            </button>
          ))}
        </fieldset>
      )}
      <FurtherTargets />
      <TextField
        label={words.placeholder}
        hint={words.placeholderHint}
        value={setup.placeholder.value}
        onValue={setup.setPlaceholder}
      />
    </section>
  );
}

function FurtherTargets() {
  const wishes = setup.furtherTargets.value;
  const set = (next: string[]) => {
    setup.furtherTargets.value = next;
  };
  return (
    <>
      {wishes.map((wish, at) => (
        <div key={at} class="further-target">
          <TextField
            label={choices.furtherTarget(at + 2)}
            hint={at === 0 ? choices.furtherTargetHint : undefined}
            value={wish}
            onValue={(value) => set(wishes.with(at, value))}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={choices.removeTarget(at + 2)}
            title={choices.removeTarget(at + 2)}
            onClick={() => set(wishes.toSpliced(at, 1))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {wishes.length < MOST_FURTHER_TARGETS && (
        <div class="actions">
          <button type="button" class="button quiet" onClick={() => set([...wishes, ""])}>
            <Icon name="plus" />
            {choices.addTarget}
          </button>
        </div>
      )}
    </>
  );
}

const METHODS = Object.entries(choices.methods).map(([method, [name]]) => [method as Method, name] as const);

function Training() {
  const settings = setup.settings.value;
  const ready = model.value.state === "ready" && settings !== undefined;
  const slow = device.value.state === "ready" && device.value.report.software;
  const waiting = model.value.state === "fault" ? words.noModel : words.waitingForModel;
  const obstacle = ready ? setup.obstacle.value : waiting;
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
              value={setup.previewEvery.value}
              onValue={(every) => {
                setup.previewEvery.value = every;
              }}
            />
            <NumberField
              label={words.previewSteps}
              min={1}
              max={50}
              step={1}
              value={setup.previewSteps.value}
              disabled={setup.previewEvery.value === 0}
              onValue={(steps) => {
                setup.previewSteps.value = steps;
              }}
            />
          </div>
          <AdvancedSettings settings={settings} />
        </>
      )}
      {setup.memory.value && (
        <p class="hint" role="status">
          {setup.memory.value}
        </p>
      )}
      {slow && <Notice tone="hint">{words.slowDevice}</Notice>}
      <button
        type="submit"
        class="button primary large"
        disabled={obstacle !== undefined}
        aria-describedby="obstacle"
      >
        {words.start}
      </button>
      <p class="hint" id="obstacle" role="status">
        {obstacle}
      </p>
    </section>
  );
}
