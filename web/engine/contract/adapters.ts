/** Adapters in the engine's library, and their files. */
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
