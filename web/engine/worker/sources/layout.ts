/**
 * Which files of a model folder the engine reads: configs, tokenizer and, for each part's weights, the
 * variant that is best here. 16-bit floats are preferred: half the bytes, and all that a GPU computes with in
 * the end.
 */
import { faultError } from "../../fault";

/** Folder and stem of each part's weights, as diffusers names them. */
const PARTS = [
  ["text_encoder", "model"],
  ["unet", "diffusion_pytorch_model"],
  ["vae", "diffusion_pytorch_model"],
] as const;

/** Tiny autoencoder for previews, which few models have besides the VAE. */
const PREVIEW_PART = ["taesd", "diffusion_pytorch_model"] as const;

export const MODEL_INDEX = "model_index.json";
/** The names under which the engine finds a checkpoint file and the tokenizer's merges that such files lack. */
export const CHECKPOINT = "model.safetensors";
export const MERGES = "merges.txt";

const REQUIRED = [
  MODEL_INDEX,
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
  "scheduler/scheduler_config.json",
  ...PARTS.map(([folder]) => `${folder}/config.json`),
];
const OPTIONAL = ["tokenizer/tokenizer_config.json", "tokenizer/special_tokens_map.json"];

/** SHA-256 of the checkpoint file, by which it is known, if its source told it. */
export function checkpointHash(files: readonly { path: string; sha256?: string }[]) {
  const sha256 = files.find(({ path }) => path === CHECKPOINT)?.sha256;
  return sha256 === undefined ? {} : { checkpointSha256: sha256 };
}

const PICKLE = /\.(ckpt|bin|pt|pth|pkl)$/i;

/** What the layout needs to know of a folder. */
export interface Folder<File> {
  /** `undefined` where there is no such file. */
  find(path: string): Promise<File | undefined>;
  read(file: File): Promise<string>;
}

/**
 * The files of a folder in diffusers' layout.
 * @throws a fault that names what is missing.
 */
export async function chooseFiles<File>(folder: Folder<File>): Promise<File[]> {
  const files: File[] = [];
  for (const path of REQUIRED) {
    const file = await folder.find(path);
    if (!file) throw missing(path);
    files.push(file);
  }
  for (const path of OPTIONAL) {
    const file = await folder.find(path);
    if (file) files.push(file);
  }
  for (const [part, stem] of PARTS) {
    const weights = await chooseWeights(folder, part, stem);
    if (weights.length === 0) throw await withoutWeights(folder, part, stem);
    files.push(...weights);
  }
  const preview = await folder.find(`${PREVIEW_PART[0]}/config.json`);
  if (preview) files.push(preview, ...(await chooseWeights(folder, ...PREVIEW_PART)));
  return files;
}

/** Weight files of a part: one file, or an index and the shards that it names. */
async function chooseWeights<File>(folder: Folder<File>, part: string, stem: string): Promise<File[]> {
  for (const name of [`${stem}.fp16.safetensors`, `${stem}.safetensors`]) {
    const file = await folder.find(`${part}/${name}`);
    if (file) return [file];
  }
  // diffusers and transformers place the variant's name differently.
  for (const variant of ["index.fp16", "fp16.index", "index"]) {
    const index = await folder.find(`${part}/${stem}.safetensors.${variant}.json`);
    if (!index) continue;
    const shards = await Promise.all(
      shardsOf(await folder.read(index)).map(async (name) => {
        const shard = await folder.find(`${part}/${name}`);
        if (!shard) throw missing(`${part}/${name}`);
        return shard;
      }),
    );
    return [index, ...shards];
  }
  return [];
}

/** File names in an index, without any that lead out of the folder; the engine reports what is wrong. */
function shardsOf(index: string): string[] {
  try {
    const { weight_map } = JSON.parse(index) as { weight_map: Record<string, unknown> };
    const names = Object.values(weight_map).filter((name) => typeof name === "string");
    return [...new Set(names)].filter((name) => !/[/\\]/.test(name));
  } catch {
    return [];
  }
}

async function withoutWeights<File>(folder: Folder<File>, part: string, stem: string): Promise<Error> {
  for (const name of ["pytorch_model.bin", `${stem}.bin`]) {
    if (await folder.find(`${part}/${name}`)) return pickle(`${part}/${name}`);
  }
  return missing(`${part}/${stem}.safetensors`);
}

export const isPickle = (path: string) => PICKLE.test(path);

export const pickle = (path: string) =>
  faultError(
    "BadFile",
    `${path} is a pickle, which can run code when it is opened. Convert the model to .safetensors first, or choose one that is.`,
  );

const missing = (path: string) =>
  faultError("BadFile", `The model has no ${path}. Choose a Stable Diffusion 1.x or 2.x model.`);
