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
  /** The model's numbers outgrew 16 bits. */
  | "Overflow"
  | "Internal";

export interface DeviceReport {
  adapterName: string;
  backend: string;
  /** Empty where it isn't told, as in browsers. */
  driver: string;
  /** True for an adapter that computes on the CPU: correct, but slow. */
  software: boolean;
  /** True where weights can be kept as 16-bit floats. */
  float16: boolean;
  /** True where the GPU's matrix units multiply 16-bit floats. */
  matrixUnits: boolean;
  limits: {
    maxBufferSize: number;
    maxStorageBufferBindingSize: number;
    maxComputeWorkgroupStorageSize: number;
    maxComputeInvocationsPerWorkgroup: number;
  };
  /** Seconds that testing its arithmetic and measuring its tiles took at its first start; `null` until it is started. */
  firstStart: { test: number; tiles: number | null } | null;
  notes: string[];
}

/** A model folder in diffusers' layout; paths are relative to it, byte ranges are half-open. */
export interface ModelSource {
  /** What people know the model by. */
  name: string;
  /** SHA-256 of a model that is a single file, if its source tells it. */
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
  precision: ModelPlan["precision"];
  defaultSteps: number;
  /** GPU memory, in bytes, that drawing takes. */
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
  /**
   * `weighted` reads `(emphasis:1.2)`, `[less]` and BREAK, and takes prompts of any length; `literal`, the
   * default, cuts prompts that are too long.
   */
  promptSyntax?: "literal" | "weighted";
  seed: number;
  steps: number;
  guidanceScale: number;
  sampler: SamplerName;
  width: number;
  height: number;
  adapters: AdapterChoice[];
  /** Share of the steps, from the first on, with the class noun in the learned word's place; default 0. */
  delayedConcept?: number;
  /** Whether the adapters' LoRA acts in those steps too. */
  delayedKeepsLora?: boolean;
  /** Prompt of those steps; without it, one is made with the adapters' class nouns. */
  classPrompt?: string;
  /** Factor of the adapters' strength at the last step; at the first step it is 1. */
  strengthEnd?: number;
  /** Largest length of a learned word's vectors, in multiples of the mean length of the model's words. */
  embeddingNormClip?: number;
  regions?: Region[];
  /** Words of the prompt to make heat maps of. */
  heatMaps?: string[];
  /** How much a source picture is redrawn: the share of the steps that is made. */
  strength?: number;
  /** Standard deviation, in pixels, of the edge of a source picture's mask. */
  maskBlur?: number;
  /** Whether the picture is decoded by the tiny autoencoder, if the model has one. */
  preview?: boolean;
}

/** Region in which a learned word may act: a grey picture, white inside the region, row by row. */
export interface Region {
  placeholder: string;
  mask: { width: number; height: number; values: number[] };
}

/** How much each place of a picture owes to one word of its prompt, row by row. */
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

export interface AdapterReport {
  id: number;
  name: string;
  /** `null` if the file doesn't name it. */
  placeholder: string | null;
  /** All words that the adapter teaches. */
  placeholders: string[];
  /** Class noun of each word; empty if the file names none. */
  classNouns: string[];
  /** Phrase by which prompts name each word's subject, as its training did: `<my-dog>`, or `<my-dog> dog`. */
  phrases: string[];
  cleanPrompt: string | null;
  /** Name of the model that the adapter was trained on; `null` if the file doesn't name it. */
  baseModel: string | null;
  /** Largest rank of a layer's LoRA; 0 without any. */
  rank: number;
  /** Layers that it changes. */
  modules: number;
  /** Of all its words. */
  vectors: number;
}

export interface Picture {
  width: number;
  height: number;
  rgba: Uint8Array;
}

/** A picture to start from. */
export interface SourcePicture extends Picture {
  /** The part to repaint: one byte per pixel, white where the picture is repainted. */
  mask?: Uint8Array;
}

export interface Generation {
  step(): Promise<{ step: number; steps: number }>;
  /** Heat maps of the steps so far; to be called before `finish`. Empty if the settings name no words. */
  heatMaps(): Promise<HeatMap[]>;
  /** An object in the engine's memory: its fields are getters, so it can't be sent to the page as it is. */
  finish(): Promise<Picture & { free(): void }>;
  free(): void;
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

/** The pictures that a training draws in between, as far as memory goes. */
export interface TrainingPreviews {
  picture: GenerationSettings;
  /** Whether they are scored, and the best state kept. */
  scored: boolean;
  /** `config.json` of the judge that scores them, where it is known. */
  judge: string | null;
}

/** How a score compares with those noted before it. */
export interface NotedScore {
  isBest: boolean;
  /** Number of scores in a row that were not better than the best. */
  withoutGain: number;
}

/** A subject's photos as the judge of pictures sees them: unit vectors. */
export interface SubjectVectors {
  photos: number[][];
  /** CLIP's vectors of the subjects cut out of their photos, for photos in which that was possible. */
  foregrounds: number[][];
  /** Vectors from a DINO; empty without one. */
  dino: number[][];
}

/** How well a picture follows its prompt and keeps the subject. All are plain cosines except `clipScore`. */
export interface PictureScores {
  /** CLIP-T: cosine with the clean prompt. */
  textAlignment: number;
  /** Cosine with each element's phrase. */
  elements: number[];
  /** CLIPScore: 2.5 · max(cosine, 0), where the caption begins with "A photo depicts ". */
  clipScore: number;
  /** CLIP-I: mean cosine with the photos. */
  imageAlignment: number;
  /** CLIP-I of the subject cut out of the picture and the photos, if it stands out in them. */
  foreground?: number;
}

/** Scores of the photos themselves. */
export interface PhotoScores {
  /** `null` without prompts. */
  textAlignment: number | null;
  /** Mean cosine of each photo with the others; `null` for a single photo. */
  imageAlignment: number | null;
}

export type BenchTask = "ops" | "unet" | "vae" | "text" | "step" | "palp";

/** What the page asks of a bench; the engine fills in the rest. */
export interface BenchPlan {
  /** Whether Stable Diffusion 1.5's architecture with random weights is measured, not the loaded model. */
  sd15: boolean;
  tasks: BenchTask[];
  shapes: "sd15" | "demo" | "quick";
  /** Sides of the pictures in pixels. */
  sizes: number[];
  rank: number;
  precisions: ("f32" | "f16")[];
  /** Whether samples are few and short. */
  quick: boolean;
}

export interface BenchRow {
  name: string;
  pass: "forward" | "backward" | "whole";
  precision: "f32" | "f16";
  /** Duration of one run: the median of the samples. */
  milliseconds: number;
  /** Milliseconds until a run was queued. */
  host: number;
  flops: number;
  bytes: number;
  launches: number;
  /** Duration at the device's ceiling, divided by the measured duration. */
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
  /** Requests every pipeline that the test at a first visit needs. */
  compileChecks(): void;
  /**
   * Tests the device's arithmetic at a first visit, or uses the results `kept` by an earlier visit. Returns
   * the results to keep, or nothing if the kept ones still hold.
   */
  start(kept: string | undefined): Promise<string | undefined>;
  device(): DeviceReport;
  /** Folders of a complete model that a checkpoint lacks, by diffusers' names. */
  lackingParts(source: ModelSource): Promise<string[]>;
  /** Memory that the model would take on this device, from its configs and its files' headers. */
  planModel(source: ModelSource): Promise<ModelPlan>;
  loadModel(
    source: ModelSource,
    progress: (bytesLoaded: number, bytesTotal: number) => void,
  ): Promise<ModelReport>;
  /** Requests every pipeline that drawing with the model needs. */
  compileKernels(): void;
  /** GPU memory, in bytes, that such a picture takes; an error if that is over the limit. */
  planGeneration(settings: GenerationSettings): number;
  beginGeneration(settings: GenerationSettings, source?: SourcePicture): Promise<Generation>;
  /** `progress` is called as the photos are encoded and returns whether the training is still wanted. */
  beginTraining(
    settings: TrainingSettings,
    previews: TrainingPreviews | null,
    photos: Photo[],
    progress: (encoded: number, of: number) => boolean,
  ): Promise<Training>;
  /** Continues a run from its checkpoint: its next steps equal those of an uninterrupted run, bit for bit. */
  resumeTraining(checkpoint: Uint8Array, previews: TrainingPreviews | null): Promise<Training>;
  /** Default settings of a training by the method. */
  defaultTrainingSettings(classNoun: string, method: Method): TrainingSettings;
  beginBench(plan: BenchPlan): Promise<Bench>;
  /** Loads the model's judge, from `clip/` of its folder; needed by the three below. */
  openJudge(source: ModelSource): Promise<void>;
  embedPhotos(photos: Photo[]): Promise<SubjectVectors>;
  /** Scores pictures by the clean prompt, by phrases of it (`elements`), and by the photos. */
  score(
    pictures: Picture[],
    photos: SubjectVectors,
    prompt: string,
    elements: string[],
  ): Promise<PictureScores[]>;
  scorePhotos(photos: SubjectVectors, prompts: string[]): Promise<PhotoScores>;
  /** Sets the GPU memory, in bytes, that work may take from now on. */
  setMemoryLimit(bytes: number): void;
  setWideActivations(wide: boolean): void;
  /** Memory that a training on so many photos will take; an error if that is over the limit. */
  planTraining(settings: TrainingSettings, photos: number, previews: TrainingPreviews | null): TrainingPlan;
  /** Takes over the times that earlier visits measured on this device. */
  takeMeasuredTimes(kept: string): void;
  /**
   * Measures the times that `planTime` needs for such a training and doesn't know yet, by making a few steps
   * and throwing them away. Returns the times to keep, or nothing if all were known. An error as soon as
   * `wanted` returns false.
   */
  measureTimes(
    settings: TrainingSettings,
    photos: number,
    previews: PreviewTimes | undefined,
    wanted: () => boolean,
  ): Promise<string | undefined>;
  /** Settings that each preset chooses, by the measured times. */
  planTime(settings: TrainingSettings, photos: number, previews: PreviewTimes | undefined): TimePlan[];
  addAdapter(bytes: Uint8Array, fileName: string): AdapterReport;
  removeAdapter(id: number): void;
  exportAdapter(id: number, format?: ExportFormat): Uint8Array;
  /** A zip archive. The files of pictures are JPEG. */
  exportProject(
    id: number,
    settings: Record<string, unknown>,
    prompts: string[],
    thumbnails: Uint8Array[],
    photos: Uint8Array[],
  ): Uint8Array;
  /** What a project file holds besides its adapter; nothing for other files. */
  openProject(bytes: Uint8Array, fileName: string): OpenedProject | undefined;
}

/** File format of an exported adapter; kohya's single file by default. The last three may be zip archives. */
export type ExportFormat = "kohya" | "embedding" | "diffusers" | "peft";

export interface ProjectWords {
  /** Training settings, under the names given by the program that wrote the project. */
  settings: Record<string, unknown>;
  /** Prompts that were used with the adapter. */
  prompts: string[];
}

/** A project in the engine's memory, until it is freed. */
export interface OpenedProject {
  words(): ProjectWords;
  /** Picture files, unchanged: PNG, JPEG or WebP by their first bytes; the rest is unchecked. */
  thumbnails(): Uint8Array[];
  photos(): Uint8Array[];
  free(): void;
}

/** What the generated module `web/wasm/palpable.js` exports. */
export interface EngineModule {
  /** Resolves with WebAssembly's exports; that table has all references to JavaScript's objects. */
  default(): Promise<{ __wbindgen_externrefs: WebAssembly.Table }>;
  /**
   * `unlisted` tells, once the engine has its device, what that device was given. `destroyReleased` is called when
   * the engine has released buffers.
   */
  Engine: { open(unlisted: () => UnlistedFeatures, destroyReleased: () => void): Promise<Engine> };
}

/** What a device was given that the engine's GPU library doesn't know in browsers. */
export interface UnlistedFeatures {
  subgroups: boolean;
  /** Rows of the squares that its matrix units multiply, and threads of a subgroup. */
  matrixUnits?: { side: number; subgroupSize: number };
}
