/** Training adapters. */
import type { AdapterReport } from "./adapters";
import type { GenerationSettings } from "./generation";

export type Method =
  | "palp"
  | "ti-db"
  | "textual-inversion"
  | "dreambooth"
  | "dreambooth-lora"
  | "custom-diffusion";

/** The settings that the page knows; the engine's defaults may carry more, which pass through untouched. */
export interface TrainingSettings {
  method: Method;
  placeholder: string;
  classNoun: string;
  cleanPrompt: string;
  /** Further subjects that the run learns, each with a word of its own. */
  furtherSubjects: Subject[];
  /** Further target prompts, which take turns with `cleanPrompt`. */
  furtherCleanPrompts: string[];
  personalizationPrompt: string;
  /** Sentences in use: that prompt, as if left out, or a list of sentences with the new word alone. */
  promptTemplates?: "prompt" | "objects" | "styles";
  /** Caption of each photo, in the photos' order; `null` stands for the personalization prompt. */
  captions: (string | null)[];
  /** How much less the background counts where a photo's alpha channel marks the subject: 0 to 1. */
  maskedLoss: number;
  /** Weight of the localized attention loss; 0 is off. */
  localizedLoss?: number;
  vectors: number;
  rank: number;
  steps: number;
  warmupSteps: number;
  batch: number;
  accumulation: number;
  alpha: number;
  beta: number;
  lambda: number;
  loraLearningRate: number;
  embeddingLearningRate: number;
  seed: number;
  loraAlpha: number;
  /** Number of framings of each photo that are trained on: 1 is the photo alone. */
  photoVariants: number;
}

/** A subject besides the first; its photos follow those of the subjects before it. */
export interface Subject {
  placeholder: string;
  classNoun: string;
  personalizationPrompt: string;
  /** Number of photos that show this subject. */
  photos: number;
}

/** Previews: one every `every` training steps, each drawn in `steps` sampling steps. */
export interface PreviewTimes {
  every: number;
  steps: number;
  /** Whether they are scored and the best state is kept. */
  scored: boolean;
}

/** Settings chosen by how long a training may take: fewer steps, the method's own, or twice as many. */
export interface TimePlan {
  preset: "quick" | "balanced" | "thorough";
  settings: TrainingSettings;
  /** Duration from the photos to the finished adapter, previews included. */
  seconds: number;
  /** Side of the pictures that are trained on, in pixels. */
  size: number;
}

/** A square crop, four bytes a pixel. */
export interface Photo {
  width: number;
  height: number;
  rgba: Uint8Array;
}

/** The pictures that a training draws in between, as far as memory goes. */
export interface TrainingPreviews {
  picture: GenerationSettings;
  /** Whether they are scored, and the best state kept. */
  scored: boolean;
  /** `config.json` of the judge that scores them, where it is known. */
  judge: string | null;
}

/** What a training will take. */
export interface TrainingPlan {
  /** Of GPU memory. */
  bytes: number;
  /** True if there is no room to keep activations, so that they are computed again. */
  recomputes: boolean;
  /** Sentences about settings that can be trained with, but likely not to the end that they were meant for. */
  remarks: string[];
}

export interface TrainingRecord {
  step: number;
  steps: number;
  loss: number;
  personalizationLoss: number;
  /** Unweighted localized attention loss: attention off the subject minus attention on it; 0 if unused. */
  localizedLoss?: number;
  /** ‖λΔ‖ / ‖2(ε̂−ε)‖: how hard alignment pulls against personalization. */
  alignmentRatio: number;
  embeddingNorm: number;
  /** Mean length of the vocabulary's vectors. */
  vocabularyNorm?: number;
  learningRate?: number;
  /** Number of single-picture predictions that the step made. */
  unetEvaluations?: number;
  seconds: number;
}

/** How a score compares with those noted before it. */
export interface NotedScore {
  isBest: boolean;
  /** Number of scores in a row that were not better than the best. */
  withoutGain: number;
}

export interface Training {
  /** Requests every kernel that the run's steps need. */
  compileKernels(): void;
  step(): Promise<TrainingRecord>;
  /** Keeps the state so far as an adapter in the engine. */
  adapter(): Promise<AdapterReport>;
  /** The state so far as the bytes of an adapter file. */
  adapterFile(): Promise<Uint8Array>;
  /** Notes a preview's score for the current state; keeps the best state, by the geometric mean of both. */
  noteScore(textAlignment: number, imageAlignment: number): NotedScore;
  /** Replaces the current state by the best one noted; the run can't go on from it. */
  restoreBest(): void;
  /** Everything that `resumeTraining` needs to go on from here, including the photos' latents. */
  checkpoint(): Promise<Uint8Array>;
  free(): void;
}
