/** Every number of the training, for those who know what they want. */
import { text } from "../../app/text";
import type { TrainingSettings } from "../../engine/contract";
import { NumberField } from "../../ui/field";
import * as setup from "./setup";

const words = text.personalize;

/** Least, most and step of each field; learning rates take any number in their range. */
const FIELDS: [keyof typeof words.fields, least: number, most: number, step: number | "any"][] = [
  ["rank", 1, 256, 1],
  ["loraAlpha", 0.1, 256, "any"],
  ["vectors", 1, 4, 1],
  ["lambda", 0, 2, "any"],
  ["alpha", 0, 30, "any"],
  ["beta", 0, 30, "any"],
  ["warmupSteps", 0, 2000, 1],
  ["loraLearningRate", 0, 0.1, "any"],
  ["embeddingLearningRate", 0, 0.1, "any"],
  ["batch", 1, 16, 1],
  ["accumulation", 1, 32, 1],
  ["photoVariants", 1, 16, 1],
  ["seed", 0, Number.MAX_SAFE_INTEGER, 1],
];

export function AdvancedSettings({ settings }: { settings: TrainingSettings }) {
  return (
    <details>
      <summary>{words.advanced}</summary>
      <div class="advanced">
        {FIELDS.map(([name, min, max, step]) => (
          <NumberField
            key={name}
            label={words.fields[name][0] ?? name}
            hint={words.fields[name][1]}
            min={min}
            max={max}
            step={step}
            value={settings[name]}
            onValue={(value) => setup.change({ [name]: value })}
          />
        ))}
        <NumberField
          label={words.memoryLimit}
          hint={words.memoryLimitHint}
          min={0.1}
          max={1000}
          step="any"
          value={setup.memoryLimit.value}
          onValue={(limit) => {
            setup.memoryLimit.value = limit;
          }}
        />
      </div>
      {setup.changed.value && (
        <button type="button" class="button quiet" onClick={setup.resetSettings}>
          {words.reset}
        </button>
      )}
    </details>
  );
}
