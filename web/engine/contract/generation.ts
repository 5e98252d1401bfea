/** Making pictures. */
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
