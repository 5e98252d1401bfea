/** Which settings of a training the page offers, in which group and form. Words are in `settings-text.ts`. */
import type { settingsText } from "./settings-text";

export type SettingKind =
  /** `empty`: an empty field is `null`, which switches the setting off. */
  | { kind: "number"; min: number; max: number; step: number | "any"; empty?: true }
  | { kind: "range"; min: number; max: number; step: number | "any" }
  | { kind: "check" }
  /** `empty`: an empty field is `null`, as with numbers. */
  | { kind: "words"; empty?: true }
  | { kind: "choice" };

type Group = keyof typeof settingsText.groups;

const whole = (min: number, max: number): SettingKind => ({ kind: "number", min, max, step: 1 });
const real = (min: number, max: number): SettingKind => ({ kind: "number", min, max, step: "any" });
const optional = (min: number, max: number): SettingKind => ({
  kind: "number",
  min,
  max,
  step: "any",
  empty: true,
});
const check: SettingKind = { kind: "check" };
const choice: SettingKind = { kind: "choice" };

export const SETTING_FIELDS: Record<Group, [name: string, kind: SettingKind][]> = {
  adapter: [
    ["trainedWeights", choice],
    ["loraTargets", choice],
    ["rank", whole(1, 256)],
    ["loraAlpha", real(0.1, 256)],
  ],
  alignment: [
    ["lambda", real(0, 2)],
    ["alpha", real(0, 30)],
    ["beta", real(0, 30)],
    ["warmupSteps", whole(0, 2000)],
    ["lambdaRampSteps", whole(0, 2000)],
    ["alignmentForm", choice],
    ["alignmentNoise", choice],
    ["alignmentSamples", whole(1, 16)],
    ["alignmentTimesteps", { kind: "range", min: 0, max: 999, step: 1 }],
    ["lambdaProfile", { kind: "range", min: 0, max: 10, step: "any" }],
    ["localizedLoss", real(0, 10)],
    ["rescale", check],
    ["fastAlignment", check],
  ],
  photos: [
    ["personalizationPrompt", { kind: "words" }],
    ["batch", whole(1, 16)],
    ["accumulation", whole(1, 32)],
    ["photoVariants", whole(1, 16)],
    ["resolution", { kind: "number", min: 64, max: 1024, step: 1, empty: true }],
    ["colourJitter", real(0, 1)],
    ["maskedLoss", real(0, 1)],
    ["minSnrGamma", optional(0.1, 100)],
    ["promptTemplates", choice],
    ["flip", check],
    ["sizeWords", check],
    ["aspectBuckets", check],
  ],
  prior: [
    ["priorPictures", whole(0, 200)],
    ["priorWeight", real(0, 10)],
  ],
  optimizer: [
    ["loraLearningRate", real(0, 0.1)],
    ["embeddingLearningRate", real(0, 0.1)],
    ["learningRateSchedule", choice],
    ["learningRateWarmupSteps", whole(0, 2000)],
    ["optimizer", choice],
    ["weightDecay", real(0, 1)],
    ["gradientClip", real(0.000001, 1000000)],
  ],
  word: [
    ["vectors", whole(1, 8)],
    ["initializerWord", { kind: "words", empty: true }],
    ["embeddingNormCap", optional(0.1, 100)],
    ["embeddingNormDecay", optional(0, 1)],
    ["embeddingAnchor", real(0, 100)],
    ["embeddingStdRetraction", check],
    ["trainEmbedding", check],
  ],
  keeping: [
    ["activations", choice],
    ["seed", whole(0, Number.MAX_SAFE_INTEGER)],
  ],
};

export const GROUPS = Object.keys(SETTING_FIELDS) as Group[];
