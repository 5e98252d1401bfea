/**
 * The engine as wasm-bindgen exports it (`src/web/` on the Rust side). Written by hand because values cross
 * the border as plain objects in camelCase, which the generated declarations only know as `any`.
 *
 * Every method that returns a promise works on the GPU. An object must not be entered again before its
 * promise has settled; `worker/turns.ts` sees to that. A failure is an `Error` whose `name` is one of
 * `EngineErrorKind` and whose `message` is one sentence for the visitor.
 */
import type { ModelPlan } from "../model-choice";
import type { AdapterReport, ExportFormat, OpenedProject } from "./adapters";
import type { Bench, BenchPlan } from "./bench";
import type { DeviceReport, UnlistedFeatures } from "./device";
import type { Generation, GenerationSettings, Picture, SourcePicture } from "./generation";
import type { PhotoScores, PictureScores, SubjectVectors } from "./judging";
import type { ModelReport, ModelSource } from "./models";
import type {
  Method,
  Photo,
  PreviewTimes,
  TimePlan,
  Training,
  TrainingPlan,
  TrainingPreviews,
  TrainingSettings,
} from "./training";

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
