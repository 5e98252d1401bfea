/** Settings of noise, picture size, number of pictures, and sampling. */
import { text } from "../../app/text";
import type { SamplerName } from "../../engine/contract/generation";
import { bound } from "../../ui/bound";
import { NumberField, SelectField, SliderField, TextField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { MAX_PROMPT } from "../gallery/picture-settings";
import * as form from "./form";
import { SizeChoice } from "./size-choice";
import { Steering } from "./steering";

const words = text.generate;
const SAMPLERS = Object.entries(words.samplers) as [SamplerName, string][];

export function SettingsCard() {
  return (
    <section class="card">
      <div class="seed">
        <NumberField
          label={words.seed}
          min={0}
          max={0xffffffff}
          step={1}
          value={form.seed.value}
          onValue={(value) => {
            form.seed.value = value;
            form.seedLocked.value = true;
          }}
        />
        <button
          type="button"
          class="icon-button"
          aria-pressed={form.seedLocked.value}
          aria-label={words.lock}
          title={words.lock}
          onClick={() => {
            form.seedLocked.value = !form.seedLocked.value;
          }}
        >
          <Icon name={form.seedLocked.value ? "lock" : "unlock"} />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.random}
          title={words.random}
          onClick={() => {
            form.seed.value = form.randomSeed();
          }}
        >
          <Icon name="dice" />
        </button>
      </div>
      <SizeChoice />
      <NumberField
        label={words.count}
        hint={words.countHint}
        {...form.COUNT_RANGE}
        step={1}
        {...bound(form.count)}
      />
      <details>
        <summary>{words.more}</summary>
        <TextField
          label={words.negative}
          hint={words.negativeHint}
          maxLength={MAX_PROMPT}
          {...bound(form.negativePrompt)}
        />
        <SliderField
          label={words.steps}
          {...form.STEPS_RANGE}
          step={1}
          value={form.steps.value}
          onValue={form.setSteps}
        />
        <SliderField
          label={words.guidance}
          hint={words.guidanceHint}
          {...form.GUIDANCE_RANGE}
          step={0.5}
          {...bound(form.guidanceScale)}
        />
        <SelectField label={words.sampler} options={SAMPLERS} {...bound(form.sampler)} />
      </details>
      <Steering />
    </section>
  );
}
