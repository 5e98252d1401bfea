/** A model, where it is read and once it is loaded. */
import type { ModelPlan } from "../model-choice";

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
