/**
 * Which model the visitor wants, and what is known of it before and after it is fetched. Plain values: page and
 * worker exchange them. An access token is never kept in one that outlives the tab.
 */

export type ModelChoice =
  /** A folder beside the page, with its list in `files.json`. */
  | { kind: "embedded"; folder: string }
  | HubChoice
  /** A .safetensors file, or a folder in diffusers' layout, on any server that lets pages of others read it. */
  | { kind: "address"; url: string; completion?: Completion }
  | FilesChoice
  /** Fetched at an earlier visit; `id` is that of its `StoredModel`. */
  | { kind: "stored"; id: string };

/** What a checkpoint lacks, taken from a model in the browser's storage. */
export interface Completion {
  /** The id of its `StoredModel`. */
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
  /** Under which the page remembers the handle, once the model has been used. */
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
  /** To fetch in all. */
  bytes: number;
  /** How many of those lie in the browser's storage already. */
  storedBytes: number;
  /** Folders of a complete model, by diffusers' names, that this one lacks. */
  lacks: string[];
  /** What it will take of this device; `null` of a model that lacks something. */
  plan: ModelPlan | null;
}

/** What a model takes of the GPU's memory, from its configs. */
export interface ModelPlan {
  /** The side of its pictures in pixels. */
  resolution: number;
  /** What its weights would be stored as. */
  precision: "f32" | "f16" | "int8-f32" | "int8-f16";
  weightBytes: number;
  /** At the most, while a picture is drawn. */
  pictureBytes: number;
  /** At the least, while it is trained. */
  trainingBytes: number;
  /** What may be taken. */
  limitBytes: number;
}

/** A model in the browser's storage. */
export interface StoredModel {
  id: string;
  name: string;
  from: string;
  licence: Licence | null;
  /** On disk now. */
  bytes: number;
  /** When it is whole. */
  bytesTotal: number;
  whole: boolean;
  /** Whether it lies in parts, of which another model can take what it lacks. */
  inParts: boolean;
  /** Milliseconds since 1970. */
  usedAt: number;
}
