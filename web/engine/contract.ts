/**
 * The engine as wasm-bindgen exports it (`src/web/` on the Rust side). Written by hand because values cross
 * the border as plain objects in camelCase, which the generated declarations only know as `any`.
 *
 * Every method that returns a promise works on the GPU. An object must not be entered again before its
 * promise has settled; `worker/turns.ts` sees to that. A failure is an `Error` whose `name` is one of
 * `EngineErrorKind` and whose `message` is one sentence for the visitor.
 */

import type { ModelPlan } from "./model-choice";

export type EngineErrorKind =
  | "DeviceLost"
  | "NoWebGpu"
  | "OutOfMemory"
  | "BadFile"
  | "BadSettings"
  /** Refused before it began: smaller settings or a higher limit will do. */
  | "MemoryLimit"
  | "Internal";

export interface DeviceReport {
  adapterName: string;
  backend: string;
  /** Empty where it isn't told, as in browsers. */
  driver: string;
  /** True for an adapter that computes on the processor: right, but slow. */
  software: boolean;
  /** True where weights can be kept as 16-bit floats. */
  float16: boolean;
  limits: {
    maxBufferSize: number;
    maxStorageBufferBindingSize: number;
    maxComputeWorkgroupStorageSize: number;
    maxComputeInvocationsPerWorkgroup: number;
  };
  notes: string[];
}

/** A model folder in diffusers' layout; paths are relative to it, byte ranges are half-open. */
export interface ModelSource {
  /** What people know the model by. */
  name: string;
  /** SHA-256 of a model that is one file, where its source tells it. */
  checkpointSha256?: string;
  read(path: string, start: number, end: number): Promise<Uint8Array>;
  /** `undefined` where the folder has no such file. */
  length(path: string): Promise<number | undefined>;
}

export interface ModelReport {
  name: string;
  /** Side of the square pictures the model was trained on, in pixels. */
  resolution: number;
  /** Side of the latents for that resolution. */
  latentSize: number;
  parameters: number;
  defaultSteps: number;
  /** GPU memory that drawing takes. */
  pictureBytes: number;
}

export type SamplerName =
  | "ddim"
  | "pndm"
  | "euler"
  | "euler-a"
  | "dpm++-2m"
  | "dpm++-2m-karras"
  | "dpm++-2m-sde"
  | "dpm++-2m-sde-karras"
  | "dpm++-sde"
  | "dpm++-sde-karras"
  | "unipc"
  | "lcm"
  | "turbo";

export interface AdapterChoice {
  id: number;
  strength: number;
}

export interface GenerationSettings {
  prompt: string;
  negativePrompt: string;
  /** `weighted` reads `(emphasis:1.2)`, `[less]` and BREAK, at any length; `literal`, the default, cuts what is too long. */
  promptSyntax?: "literal" | "weighted";
  seed: number;
  steps: number;
  guidanceScale: number;
  sampler: SamplerName;
  width: number;
  height: number;
  adapters: AdapterChoice[];
  /** Share of the steps that are drawn first with the class noun in the learned word's place. 0 by default. */
  delayedConcept?: number;
  /** Keeps the adapters' LoRA in those steps. */
  delayedKeepsLora?: boolean;
  /** The prompt of those steps; the adapters' class nouns make it otherwise. */
  classPrompt?: string;
  /** What the adapters' strength is multiplied with at the last step; 1 at the first. */
  strengthEnd?: number;
  /** Longest length of learned words, in mean lengths of the model's own words. */
  embeddingNormClip?: number;
  regions?: Region[];
  /** Words of the prompt whose heat maps are wanted. */
  heatMaps?: string[];
  /** How much of a source picture is redrawn: this share of the steps is made. */
  strength?: number;
  /** Standard deviation, in pixels, of the edge of a source picture's mask. */
  maskBlur?: number;
  /** Decoded by the tiny autoencoder where the model has one. */
  preview?: boolean;
}

/** Where a learned word may act: a grey picture, white inside, row by row. */
export interface Region {
  placeholder: string;
  mask: { width: number; height: number; values: number[] };
}

/** How much a picture owed to a word of its prompt, row by row. */
export interface HeatMap {
  word: string;
  width: number;
  height: number;
  values: Float32Array;
}

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
  /** Further things that the run learns, each with a word of its own. */
  furtherSubjects: Subject[];
  /** Target prompts that take turns with the first. */
  furtherCleanPrompts: string[];
  personalizationPrompt: string;
  /** Captions of single photos, in their order; `null` takes the personalization prompt. */
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
  /** Framings of each photo that are trained on: 1 is the photo alone. */
  photoVariants: number;
}

/** A thing beside the first; its photos follow those of the subjects before it. */
export interface Subject {
  placeholder: string;
  classNoun: string;
  personalizationPrompt: string;
  /** How many of the photos are its own. */
  photos: number;
}

/** Pictures drawn every so many training steps, in so many steps each. */
export interface PreviewTimes {
  every: number;
  steps: number;
}

/** Settings chosen by how long a training may take: fewer steps, the method's own, or twice as many. */
export interface TimePlan {
  preset: "quick" | "balanced" | "thorough";
  settings: TrainingSettings;
  /** From the photos to the finished adapter, previews included. */
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

/** What a job will take of the GPU's memory. */
export interface MemoryReport {
  bytes: number;
  /** True where there is no room to keep activations, so that they are computed again. */
  recomputes: boolean;
}

export interface TrainingRecord {
  step: number;
  steps: number;
  loss: number;
  personalizationLoss: number;
  /** The localized attention loss before its weight: attention off the subject less that on it; 0 without. */
  localizedLoss?: number;
  /** ‖λΔ‖ / ‖2(ε̂−ε)‖: how hard alignment pulls against personalization. */
  alignmentRatio: number;
  embeddingNorm: number;
  /** Mean length of the vocabulary's vectors. */
  vocabularyNorm?: number;
  learningRate?: number;
  /** Predictions of one picture that the step made. */
  unetEvaluations?: number;
  seconds: number;
}

export interface AdapterReport {
  id: number;
  name: string;
  /** `null` where the file says nothing of it. */
  placeholder: string | null;
  /** All of its words. */
  placeholders: string[];
  /** The class noun of each word; empty where the file says nothing of it. */
  classNouns: string[];
  /** How prompts name each word's subject, as its training did: `<my-dog>`, or `<my-dog> dog`. */
  phrases: string[];
  cleanPrompt: string | null;
  /** The name of the model that it was trained on; `null` where the file says nothing of it. */
  baseModel: string | null;
  rank: number;
  modules: number;
  vectors: number;
}

export interface Picture {
  width: number;
  height: number;
  rgba: Uint8Array;
}

/** A picture to start from. */
export interface SourcePicture extends Picture {
  /** What is repainted of it: a byte a pixel, white where it is. */
  mask?: Uint8Array;
}

export interface Generation {
  step(): Promise<{ step: number; steps: number }>;
  /** Heat maps of the steps so far; before `finish`. Empty where the settings name no words. */
  heatMaps(): Promise<HeatMap[]>;
  /** An object in the engine's memory: its fields are read through getters and can't be sent as they are. */
  finish(): Promise<Picture & { free(): void }>;
  free(): void;
}

export interface Training {
  /** Asks for every kernel that the run's steps need. */
  compileKernels(): void;
  step(): Promise<TrainingRecord>;
  /** Keeps the state so far as an adapter in the engine. */
  adapter(): Promise<AdapterReport>;
  /** The state so far as the bytes of an adapter file. */
  adapterFile(): Promise<Uint8Array>;
  /** Notes how a preview of the state so far did, by the geometric mean of both, and keeps the best state. */
  noteScore(textAlignment: number, imageAlignment: number): NotedScore;
  /** Puts the best of the noted states in the present one's place; the run can't go on from it. */
  restoreBest(): void;
  /** All that `resumeTraining` needs to go on from here, the photos' latents included. */
  checkpoint(): Promise<Uint8Array>;
  free(): void;
}

/** How a score stands among those noted before it. */
export interface NotedScore {
  isBest: boolean;
  /** Scores in a row that were not better than the best. */
  withoutGain: number;
}

/** A subject's photos as the judge of pictures sees them: unit vectors. */
export interface SubjectVectors {
  photos: number[][];
  /** CLIP's vectors of the subjects cut out of their photos, where that was possible. */
  foregrounds: number[][];
  /** Empty without a DINO. */
  dino: number[][];
}

/** How well a picture follows its prompt and keeps the subject: plain cosines but for `clipScore`. */
export interface PictureScores {
  /** CLIP-T: cosine with the clean prompt. */
  textAlignment: number;
  /** Cosine with each element's phrase. */
  elements: number[];
  /** CLIPScore: 2.5 · max(cosine, 0), the caption begun with "A photo depicts ". */
  clipScore: number;
  /** CLIP-I: mean cosine with the photos. */
  imageAlignment: number;
  /** CLIP-I of the subject cut out of picture and photos, where it stands out in them. */
  foreground?: number;
}

/** What the photos themselves score. */
export interface PhotoScores {
  /** `null` without prompts. */
  textAlignment: number | null;
  /** Mean cosine of each photo with the others; `null` of a single one. */
  imageAlignment: number | null;
}

export type BenchTask = "ops" | "unet" | "vae" | "text" | "step" | "palp";

/** What the page asks of a bench; the engine fills in the rest. */
export interface BenchPlan {
  /** Stable Diffusion 1.5's architecture with random weights instead of the loaded model. */
  sd15: boolean;
  tasks: BenchTask[];
  shapes: "sd15" | "demo" | "quick";
  /** Sides of the pictures in pixels. */
  sizes: number[];
  rank: number;
  precisions: ("f32" | "f16")[];
  /** Few and short samples. */
  quick: boolean;
}

export interface BenchRow {
  name: string;
  pass: "forward" | "backward" | "whole";
  precision: "f32" | "f16";
  /** Duration of one run: the median of the samples. */
  milliseconds: number;
  /** Until a run was queued. */
  host: number;
  flops: number;
  bytes: number;
  launches: number;
  /** The duration at the device's ceiling over the measured one. */
  ceilingShare: number | null;
}

/** The fields that the page shows; the whole goes into a report. */
export interface BenchReport {
  format: string;
  engine: string;
  device: DeviceReport;
  ceiling: { teraflops: number; teraflopsF16: number | null; gigabytesPerSecond: number } | null;
  rows: BenchRow[];
}

export interface BenchProgress {
  done: number;
  total: number;
  /** What the next step measures; `null` when all is done. */
  next: string | null;
}

export interface Bench {
  progress(): BenchProgress;
  step(): Promise<void>;
  report(): BenchReport;
  free(): void;
}

export interface Engine {
  /** Asks for every pipeline that the test of a first visit needs. */
  compileChecks(): void;
  /**
   * Tests the device's arithmetic at a first visit, or goes by what an earlier one `kept`. Returns what to keep, and
   * nothing where that still holds.
   */
  start(kept: string | undefined): Promise<string | undefined>;
  device(): DeviceReport;
  /** What the model would take of this device, from its configs and its files' headers. */
  /** The folders of a complete model that a checkpoint lacks, by diffusers' names. */
  lackingParts(source: ModelSource): Promise<string[]>;
  planModel(source: ModelSource): Promise<ModelPlan>;
  loadModel(
    source: ModelSource,
    progress: (bytesLoaded: number, bytesTotal: number) => void,
  ): Promise<ModelReport>;
  /** Asks for every pipeline that drawing with the model needs. */
  compileKernels(): void;
  /** GPU memory that such a picture takes; an error where it may not be taken. */
  planGeneration(settings: GenerationSettings): number;
  beginGeneration(settings: GenerationSettings, source?: SourcePicture): Promise<Generation>;
  /** `progress` is called as the photos are encoded and returns whether the training is still wanted. */
  beginTraining(
    settings: TrainingSettings,
    photos: Photo[],
    progress: (encoded: number, of: number) => boolean,
  ): Promise<Training>;
  /** Goes on with a run from its checkpoint: the steps that follow are the uninterrupted run's, bit for bit. */
  resumeTraining(checkpoint: Uint8Array): Promise<Training>;
  /** What a training by the method begins with. */
  defaultTrainingSettings(classNoun: string, method: Method): TrainingSettings;
  beginBench(plan: BenchPlan): Promise<Bench>;
  /** Loads the model's judge, from `clip/` of its folder; needed by the three below. */
  openJudge(source: ModelSource): Promise<void>;
  embedPhotos(photos: Photo[]): Promise<SubjectVectors>;
  /** By the clean prompt, by phrases of it, and by the photos. */
  score(
    pictures: Picture[],
    photos: SubjectVectors,
    prompt: string,
    elements: string[],
  ): Promise<PictureScores[]>;
  scorePhotos(photos: SubjectVectors, prompts: string[]): Promise<PhotoScores>;
  /** GPU memory that work may take from now on. */
  setMemoryLimit(bytes: number): void;
  /** What a training on so many photos will take; an error where it may not be taken. */
  planTraining(settings: TrainingSettings, photos: number): MemoryReport;
  /** Takes over what earlier visits measured on this device. */
  takeMeasuredTimes(kept: string): void;
  /**
   * Measures what `planTime` needs to know of such a training and doesn't: a few steps are made and thrown away.
   * Returns what to keep, and nothing where all was known. An error as soon as it is no longer `wanted`.
   */
  measureTimes(
    settings: TrainingSettings,
    photos: number,
    previews: PreviewTimes | undefined,
    wanted: () => boolean,
  ): Promise<string | undefined>;
  /** What each preset chooses, by what was measured. */
  planTime(settings: TrainingSettings, photos: number, previews: PreviewTimes | undefined): TimePlan[];
  addAdapter(bytes: Uint8Array, fileName: string): AdapterReport;
  removeAdapter(id: number): void;
  exportAdapter(id: number, format?: ExportFormat): Uint8Array;
  exportEmbedding(id: number): Uint8Array | undefined;
  /** A zip archive. The files of pictures are JPEG. */
  exportProject(
    id: number,
    settings: Record<string, unknown>,
    prompts: string[],
    thumbnails: Uint8Array[],
    photos: Uint8Array[],
  ): Uint8Array;
  /** What a project's file holds beside its adapter; nothing for other files. */
  openProject(bytes: Uint8Array, fileName: string): OpenedProject | undefined;
}

/** What an adapter can be written as; without one, kohya's single file. The last three may be a zip archive. */
export type ExportFormat = "kohya" | "embedding" | "diffusers" | "peft";

export interface ProjectWords {
  /** How it was trained, as the program that wrote the project names it. */
  settings: Record<string, unknown>;
  /** Prompts that were used with it. */
  prompts: string[];
}

/** In the engine's memory until it is freed. */
export interface OpenedProject {
  words(): ProjectWords;
  /** Files of pictures as they came: PNG, JPEG or WebP by their first bytes, and whatever they are after those. */
  thumbnails(): Uint8Array[];
  photos(): Uint8Array[];
  free(): void;
}

/** What the generated module `web/wasm/palpable.js` exports. */
export interface EngineModule {
  default(): Promise<unknown>;
  /** `subgroups` tells, once the engine has its device, whether that device has subgroups. */
  Engine: { open(subgroups: () => boolean): Promise<Engine> };
}
