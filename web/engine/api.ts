/**
 * What the page may ask of the worker. Values are structured-cloned, callbacks are Comlink proxies.
 * Long work runs as a job: it reports as it goes and looks at its control between two engine steps.
 */
import type {
  AdapterReport,
  BenchPlan,
  BenchProgress,
  BenchReport,
  DeviceReport,
  ExportFormat,
  GenerationSettings,
  HeatMap,
  MemoryReport,
  Method,
  ModelReport,
  Photo,
  PhotoScores,
  Picture,
  PictureScores,
  PreviewTimes,
  ProjectWords,
  SourcePicture,
  TimePlan,
  TrainingRecord,
  TrainingSettings,
} from "./contract";
import type { ModelChoice, ModelOffer } from "./model-choice";
import type { RunFacts } from "./run-file";

/**
 * Bytes of a model, first fetched (or found in the browser's store), then moved to the GPU; at last the kernels it needs,
 * as the browser compiles them.
 */
export type LoadProgress =
  | { phase: "fetch" | "upload"; bytesLoaded: number; bytesTotal: number }
  | { phase: "compile"; kernels: number; of: number };

export interface LoadedModel {
  report: ModelReport;
  /** Where the browser's storage has it for the next visit; `null` where it hasn't. */
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
  /** The prompt with the class noun, which previews are scored by; `null` scores none. */
  cleanPrompt: string | null;
  /** Whether the run's result is the state whose preview scored best, instead of the last. */
  keepsBest: boolean;
  /** Scored previews in a row without a better one, after which the run ends; `null` never ends it. */
  patience: number | null;
}

/** How a preview did. */
export interface PreviewScore {
  /** The training's. */
  step: number;
  /** CLIP-T: cosine with the clean prompt. */
  textAlignment: number;
  /** CLIP-I: mean cosine with the photos. */
  imageAlignment: number;
  /** Better than all before, by the geometric mean of both. */
  isBest: boolean;
}

/** What a run learns from, and what its previews are judged by instead, where any are held back. */
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
  /** Kernels that the browser has compiled of those the steps need, before the first one. */
  compiled(kernels: number, of: number): void;
  record(record: TrainingRecord): void;
  previewProgress(step: number, steps: number): void;
  preview(trainingStep: number, picture: Picture): void;
  scored(score: PreviewScore): void;
  /** Previews can't be scored, for the reason that is given; the training goes on. */
  notScored(reason: string): void;
  /** The state so far as an adapter file, so that it outlives a lost device or worker. */
  adapterFile(trainingStep: number, bytes: Uint8Array): void;
  /** The whole state of this step lies in the browser's storage, so that it outlives the tab. */
  kept(trainingStep: number): void;
  /** A state could not be kept; the training goes on. */
  notKept(problem: "full" | "unavailable"): void;
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
  /** The prompt with the class noun: what the picture is compared with. */
  cleanPrompt: string;
  /** Phrases of the prompt, each compared by itself. */
  elements: string[];
}

export interface EvaluationObserver {
  /** The judge's files, at the first evaluation. */
  loading(progress: LoadProgress): void;
  photos(scores: PhotoScores): void;
  /** The picture under way, by its place among the cells. */
  progress(cell: number, step: number, steps: number): void;
  /** The next picture waits until this one has arrived. */
  scored(cell: number, picture: Picture, scores: PictureScores): void | Promise<void>;
}

/** `preview`: a picture beside the visitor's own work, which may be drawn at the same time. */
export type JobKind = "model" | "generation" | "preview" | "training" | "bench" | "evaluation";
/** `save`: a training keeps its state before its next step. */
export type JobCommand = "pause" | "resume" | "stop" | "cancel" | "save";

/** Models that aren't here yet. */
export type OfferedChoice = Exclude<ModelChoice, { kind: "embedded" | "stored" }>;

export interface EngineApi {
  open(): Promise<DeviceReport>;
  /** What loading the model would bring and take; fetches its list of files and its configs alone. */
  describeModel(choice: OfferedChoice): Promise<ModelOffer>;
  /** `null` when cancelled while it was fetched: what has arrived is kept, and the model before stays. */
  loadModel(choice: ModelChoice, progress: (progress: LoadProgress) => void): Promise<LoadedModel | null>;
  defaultTrainingSettings(classNoun: string, method: Method): Promise<TrainingSettings>;
  /** GPU memory, in bytes, that models and work may take from now on. */
  setMemoryLimit(bytes: number): Promise<void>;
  /** What a training on so many photos will take; an error where it may not be taken. */
  planTraining(settings: TrainingSettings, photos: number): Promise<MemoryReport>;
  /**
   * What the time presets choose for such a training, and how long it takes. At the first time on a device and model
   * a few steps are made to measure it, which the other work waits for. An error where there is no memory for it;
   * `null` when cancelled.
   */
  timePlans(settings: TrainingSettings, photos: number, previews?: PreviewTimes): Promise<TimePlan[] | null>;
  /** Measuring ends after the step that it is at. */
  cancelTimePlans(): void;
  /** GPU memory that such a picture takes; an error where it may not be taken. */
  planGeneration(settings: GenerationSettings): Promise<number>;
  /** From noise or, with a source, on that; `null` when cancelled. */
  generate(
    settings: GenerationSettings,
    progress: (step: number, steps: number) => void,
    source?: SourcePicture,
  ): Promise<DrawnPicture | null>;
  /** `null` when cancelled; a stopped training keeps what it has learnt so far. */
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
  exportEmbedding(id: number): Promise<Uint8Array | undefined>;
  /** A zip archive. The files of pictures are JPEG. */
  exportProject(id: number, contents: ProjectContents): Promise<Uint8Array>;
  /** What a project's file holds beside its adapter; `undefined` for other files. Its pictures are as they came. */
  openProject(bytes: Uint8Array, fileName: string): Promise<ProjectContents | undefined>;
}

/** A project without its adapter. */
export interface ProjectContents extends ProjectWords {
  thumbnails: Uint8Array[];
  photos: Uint8Array[];
}
