/**
 * Which model the visitor wants, and what is known about it before and after it is fetched. All are plain
 * values that page and worker exchange. None that outlives the tab ever holds an access token.
 */

export type ModelChoice =
  /** A folder beside the page, with its list in `files.json`. */
  | { kind: "embedded"; folder: string }
  | HubChoice
  /** A .safetensors file or diffusers folder, on any server that lets pages of other sites read it. */
  | { kind: "address"; url: string; completion?: Completion }
  | FilesChoice
  /** Fetched at an earlier visit; `id` is that of its `StoredModel`. */
  | { kind: "stored"; id: string };

/** Parts that a checkpoint lacks, to be taken from a model in the browser's storage. */
export interface Completion {
  /** Id of that model's `StoredModel`. */
  id: string;
  /** Folders, by diffusers' names. */
  parts: string[];
}

export interface HubChoice {
  kind: "hub";
  completion?: Completion;
  /** "owner/name" */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
  /** One checkpoint file of the repository instead of its folders. */
  file?: string;
  /** Sent to the hub alone. */
  token?: string;
  /** Address of another hub with the same interface. */
  host?: string;
}

/** Files of this device; paths are relative to the model's folder. */
export interface FilesChoice {
  kind: "files";
  completion?: Completion;
  name: string;
  files: { path: string; file: File }[];
  /** Copies them into the browser's storage, so that they are there at the next visit. */
  keep: boolean;
  /** What was picked, where the browser gives it: the next visit reads the files from there again. */
  handle?: FileSystemHandle;
  /** Id under which the page remembers the handle, once the model has been used. */
  diskId?: string;
}

/** What the model's authors ask of those who use it. */
export interface Licence {
  /** As the hub writes it, "creativeml-openrail-m" for example; empty where it doesn't say. */
  name: string;
  /** Where it can be read. */
  link: string;
}

/** A model before it is loaded. */
export interface ModelOffer {
  name: string;
  /** Where it comes from, for people. */
  from: string;
  licence: Licence | null;
  /** Size of all files to fetch, in bytes. */
  bytes: number;
  /** How many of those bytes are in the browser's storage already. */
  storedBytes: number;
  /** Folders of a complete model, by diffusers' names, that this one lacks. */
  lacks: string[];
  /** Memory that it will take on this device; `null` for a model that lacks something. */
  plan: ModelPlan | null;
}

/** GPU memory that a model takes, computed from its configs. */
export interface ModelPlan {
  /** The side of its pictures in pixels. */
  resolution: number;
  /** Number format in which its weights would be stored. */
  precision: "f32" | "f16" | "f16-f32" | "int8-f32" | "int8-f16";
  weightBytes: number;
  /** Peak memory while a picture is drawn, in bytes. */
  pictureBytes: number;
  /** Peak memory of a small training, in bytes. */
  trainingBytes: number;
  /** Memory that may be taken, in bytes. */
  limitBytes: number;
}

/** A model in the browser's storage. */
export interface StoredModel {
  id: string;
  name: string;
  from: string;
  licence: Licence | null;
  /** Bytes on disk now. */
  bytes: number;
  /** Bytes when the model is whole. */
  bytesTotal: number;
  whole: boolean;
  /** Whether it is stored as separate parts, from which another model can take those that it lacks. */
  inParts: boolean;
  /** Milliseconds since 1970. */
  usedAt: number;
}
