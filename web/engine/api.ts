/**
 * What the page may ask of the worker. Values are structured-cloned, callbacks are Comlink proxies.
 * Long work runs as a job: it reports as it goes and looks at its control between two engine steps.
 */
import type { AdapterReport, ExportFormat, ProjectWords } from "./contract/adapters";
import type { BenchPlan, BenchProgress, BenchReport } from "./contract/bench";
import type { DeviceReport } from "./contract/device";
import type { GenerationSettings, HeatMap, Picture, SourcePicture } from "./contract/generation";
import type { PhotoScores, PictureScores } from "./contract/judging";
import type { ModelReport } from "./contract/models";
import type {
  Method,
  Photo,
  PreviewTimes,
  TimePlan,
  TrainingPlan,
  TrainingRecord,
  TrainingSettings,
} from "./contract/training";
import type { ModelChoice, ModelOffer } from "./model-choice";
import type { RunFacts } from "./run-file";

/**
 * How far the loading of a model is: bytes that are fetched (or found in the browser's store), then bytes
 * that are moved to the GPU, and last the kernels that the browser compiles for it.
 */
export type LoadProgress =
  | { phase: "fetch" | "upload"; bytesLoaded: number; bytesTotal: number }
  | { phase: "compile"; kernels: number; of: number };

export interface LoadedModel {
  report: ModelReport;
  /** Id of the model in the browser's storage, for the next visit; `null` if it isn't stored. */
  storedId: string | null;
}

/** A picture drawn now and then during training; `every` is in training steps. */
export interface PreviewPlan {
  every: number;
  prompt: string;
  steps: number;
  guidanceScale: number;
  seed: number;
  size: number;
  /** Prompt with the class noun, by which previews are scored; with `null` they aren't scored. */
  cleanPrompt: string | null;
  /** Whether the run's result is the state whose preview scored best, instead of the last state. */
  keepsBest: boolean;
  /** Number of scored previews in a row without a new best after which the run ends; `null`: never. */
  patience: number | null;
}

/** Scores of one preview. */
export interface PreviewScore {
  /** Training step that the preview belongs to. */
  step: number;
  /** CLIP-T: cosine with the clean prompt. */
  textAlignment: number;
  /** CLIP-I: mean cosine with the photos. */
  imageAlignment: number;
  /** Whether this preview is better than all before, by the geometric mean of both scores. */
  isBest: boolean;
}

/** Photos that a run learns from, and photos held back, by which previews are judged if there are any. */
export interface TrainingPhotos {
  trained: Photo[];
  heldBack: Photo[];
}

/** A picture with the heat maps that its settings asked for. */
export interface DrawnPicture extends Picture {
  heatMaps: HeatMap[];
}

export interface TrainingObserver {
  encoded(photos: number, of: number): void;
  /** How many of the kernels that the steps need the browser has compiled; called before the first step. */
  compiled(kernels: number, of: number): void;
  record(record: TrainingRecord): void;
  previewProgress(step: number, steps: number): void;
  preview(trainingStep: number, picture: Picture): void;
  scored(score: PreviewScore): void;
  /** Previews can't be scored, for the given reason; the training goes on. */
  notScored(reason: string): void;
  /** The state so far as an adapter file, so that it outlives a lost device or worker. */
  adapterFile(trainingStep: number, bytes: Uint8Array): void;
  /** The whole state of this step is in the browser's storage now, so that it outlives the tab. */
  kept(trainingStep: number): void;
  /** A state could not be kept; the training goes on. */
  notKept(problem: "full" | "unavailable"): void;
  /** The training stands still at a pause: what it learned is kept, unless `notKept` said otherwise. */
  halted(): void;
}

export interface BenchObserver {
  progress(progress: BenchProgress): void;
  /** What was found so far. */
  report(report: BenchReport): void;
  /** An item that could not be measured; the bench goes on with the next. */
  failed(name: string, message: string): void;
}

/** A picture to draw and score. */
export interface EvaluationCell {
  settings: GenerationSettings;
  /** Prompt with the class noun: the picture is compared with it. */
  cleanPrompt: string;
  /** Phrases of the prompt, each compared by itself. */
  elements: string[];
}

export interface EvaluationObserver {
  /** Loading of the judge's files, at the first evaluation. */
  loading(progress: LoadProgress): void;
  photos(scores: PhotoScores): void;
  /** Sampling steps made of the picture being drawn; `cell` is its index among the cells. */
  progress(cell: number, step: number, steps: number): void;
  /** The next picture waits until this one has arrived. */
  scored(cell: number, picture: Picture, scores: PictureScores): void | Promise<void>;
}

/** `preview`: a picture drawn beside the visitor's own; both may be under way at the same time. */
export type JobKind = "model" | "generation" | "preview" | "training" | "bench" | "evaluation";
/** `save`: a training keeps its state before its next step. */
export type JobCommand = "pause" | "resume" | "stop" | "cancel" | "save";

/** Models that aren't here yet. */
export type OfferedChoice = Exclude<ModelChoice, { kind: "embedded" | "stored" }>;

export interface EngineApi {
  open(): Promise<DeviceReport>;
  /** What loading the model would bring and take; fetches only its list of files and its configs. */
  describeModel(choice: OfferedChoice): Promise<ModelOffer>;
  /** `null` when cancelled during the fetch: received bytes are kept, and the previous model stays loaded. */
  loadModel(choice: ModelChoice, progress: (progress: LoadProgress) => void): Promise<LoadedModel | null>;
  defaultTrainingSettings(classNoun: string, method: Method): Promise<TrainingSettings>;
  /** GPU memory, in bytes, that models and work may take from now on. */
  setMemoryLimit(bytes: number): Promise<void>;
  /** Whether models that are loaded from now on compute with 32-bit numbers, though 16 bits would do. */
  setWideActivations(wide: boolean): Promise<void>;
  /** Memory that a training on so many photos will take, its previews included; an error if that is over the limit. */
  planTraining(
    settings: TrainingSettings,
    photos: number,
    previews: PreviewPlan | null,
  ): Promise<TrainingPlan>;
  /**
   * What each time preset chooses for such a training, and how long that takes. The first call for a device
   * and model makes a few steps to measure it; other work waits for them. An error if there isn't enough
   * memory; `null` when cancelled.
   */
  timePlans(settings: TrainingSettings, photos: number, previews?: PreviewTimes): Promise<TimePlan[] | null>;
  /** Ends the measuring after its current step. */
  cancelTimePlans(): void;
  /** GPU memory, in bytes, that such a picture takes; an error if that is over the limit. */
  planGeneration(settings: GenerationSettings): Promise<number>;
  /** Draws a picture, from noise or from `source`; `null` when cancelled. */
  generate(
    settings: GenerationSettings,
    progress: (step: number, steps: number) => void,
    source?: SourcePicture,
  ): Promise<DrawnPicture | null>;
  /** `null` when cancelled; a stopped training keeps what it has learned so far. */
  train(run: RunFacts, photos: TrainingPhotos, observer: TrainingObserver): Promise<AdapterReport | null>;
  /** Goes on with a run from its latest state in the browser's storage, bit for bit as if it had never stopped. */
  continueTraining(id: string, observer: TrainingObserver): Promise<AdapterReport | null>;
  /** Ends when all is measured, or when it is cancelled. */
  bench(plan: BenchPlan, observer: BenchObserver): Promise<void>;
  /** Draws and scores cell by cell; ends when all are done, or when it is cancelled. */
  evaluate(cells: EvaluationCell[], photos: Photo[], observer: EvaluationObserver): Promise<void>;
  command(job: JobKind, command: JobCommand): void;
  addAdapter(bytes: Uint8Array, fileName: string): Promise<AdapterReport>;
  removeAdapter(id: number): Promise<void>;
  exportAdapter(id: number, format?: ExportFormat): Promise<Uint8Array>;
  /** A zip archive. The files of pictures are JPEG. */
  exportProject(id: number, contents: ProjectContents): Promise<Uint8Array>;
  /** What a project file holds besides its adapter; `undefined` for other files. Pictures are unchanged. */
  openProject(bytes: Uint8Array, fileName: string): Promise<ProjectContents | undefined>;
}

/** A project without its adapter. */
export interface ProjectContents extends ProjectWords {
  thumbnails: Uint8Array[];
  photos: Uint8Array[];
}
