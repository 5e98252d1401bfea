/** Prompt and settings on one side, the picture on the other. */
import { HeldFault } from "../../app/fault-notice";
import { gigabytes } from "../../app/format";
import { text } from "../../app/text";
import type { SamplerName } from "../../engine/contract";
import { NumberField, SelectField, SliderField, TextField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { ProgressBar } from "../../ui/progress-bar";
import { knownAs, library, placeholders, update } from "../adapters/library";
import { model } from "../models/model";
import { FilledInNotice } from "./filled-in-notice";
import * as state from "./generate";
import { filledIn } from "./restore";
import { ResultPanel } from "./result-panel";
import { Steering } from "./steering";

const words = text.generate;
const SAMPLERS = Object.entries(words.samplers) as [SamplerName, string][];

export function GenerateScreen() {
  return (
    <div class="screen">
      <h1>{words.title}</h1>
      <div class="generate">
        <PromptForm />
        <ResultPanel />
        <div class="generate-settings">
          <Adapters />
          <Settings />
        </div>
      </div>
    </div>
  );
}

function PromptForm() {
  const submit = (event: Event) => {
    event.preventDefault();
    filledIn.value = undefined;
    void state.generate();
  };
  return (
    <form class="card prompt-form" onSubmit={submit}>
      <TextField
        label={words.prompt}
        rows={3}
        placeholder={words.promptPlaceholder}
        value={state.prompt.value}
        error={state.promptMissing.value ? words.promptMissing : undefined}
        onValue={(value) => {
          state.prompt.value = value;
          state.promptMissing.value = false;
        }}
      />
      <fieldset class="chips" aria-label={words.insert}>
        {placeholders.value.map((word) => (
          <button key={word} type="button" class="chip word" onClick={() => state.addToPrompt(word)}>
            {word}
          </button>
        ))}
        {words.phrases.map((phrase) => (
          <button key={phrase} type="button" class="chip" onClick={() => state.addToPrompt(phrase)}>
            {phrase}
          </button>
        ))}
      </fieldset>
      <FilledInNotice />
      <StartOrProgress />
      <HeldFault of={state.fault} />
    </form>
  );
}

function StartOrProgress() {
  const progress = state.progress.value;
  if (!progress) {
    return (
      <>
        <button type="submit" class="button primary large" disabled={model.value.state !== "ready"}>
          {words.start}
        </button>
        {model.value.state === "ready" && (
          <p class="hint">{words.memory(gigabytes(model.value.report.pictureBytes))}</p>
        )}
      </>
    );
  }
  const { step, steps, comparing } = progress;
  return (
    <>
      <ProgressBar
        label={(comparing ? words.comparing : words.progress)(step, steps)}
        done={step}
        of={steps}
      />
      <button type="button" class="button" onClick={state.cancel}>
        {words.cancel}
      </button>
    </>
  );
}

function Adapters() {
  const entries = library.value;
  return (
    <section class="card" aria-labelledby="adapters-title">
      <h2 id="adapters-title">{words.adaptersTitle}</h2>
      {entries.length === 0 && <p class="hint">{words.noAdapters}</p>}
      {entries.map(({ key, report, active, strength }) => {
        const name = knownAs(report);
        return (
          <fieldset class="adapter-row" key={key} aria-label={name}>
            <label class="check">
              <input
                type="checkbox"
                checked={active}
                onChange={(event) => update(key, { active: event.currentTarget.checked })}
              />
              <span class="word">{name}</span>
            </label>
            <SliderField
              label={words.strength}
              min={0}
              max={1.5}
              step={0.05}
              value={strength}
              disabled={!active}
              onValue={(value) => update(key, { strength: value })}
            />
          </fieldset>
        );
      })}
    </section>
  );
}

function Settings() {
  return (
    <section class="card">
      <div class="seed">
        <NumberField
          label={words.seed}
          min={0}
          max={0xffffffff}
          step={1}
          value={state.seed.value}
          onValue={(value) => {
            state.seed.value = value;
            state.seedLocked.value = true;
          }}
        />
        <button
          type="button"
          class="icon-button"
          aria-pressed={state.seedLocked.value}
          aria-label={words.lock}
          title={words.lock}
          onClick={() => {
            state.seedLocked.value = !state.seedLocked.value;
          }}
        >
          <Icon name={state.seedLocked.value ? "lock" : "unlock"} />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.random}
          title={words.random}
          onClick={() => {
            state.seed.value = state.randomSeed();
          }}
        >
          <Icon name="dice" />
        </button>
      </div>
      <details>
        <summary>{words.more}</summary>
        <TextField
          label={words.negative}
          hint={words.negativeHint}
          value={state.negativePrompt.value}
          onValue={(value) => {
            state.negativePrompt.value = value;
          }}
        />
        <SliderField
          label={words.steps}
          {...state.STEPS_RANGE}
          step={1}
          value={state.steps.value}
          onValue={state.setSteps}
        />
        <SliderField
          label={words.guidance}
          hint={words.guidanceHint}
          {...state.GUIDANCE_RANGE}
          step={0.5}
          value={state.guidanceScale.value}
          onValue={(value) => {
            state.guidanceScale.value = value;
          }}
        />
        <SelectField
          label={words.sampler}
          options={SAMPLERS}
          value={state.sampler.value}
          onValue={(value) => {
            state.sampler.value = value;
          }}
        />
      </details>
      <Steering />
    </section>
  );
}
