/**
 * The layouts beside Stable Diffusion 1's, in small, as folders of diffusers': shapes are those of the goldens that the
 * Rust tests compare with diffusers, numbers are the formula's of tools/goldens/formula.py, bit by bit.
 */
import fs from "node:fs";
import path from "node:path";
import { fileOf, type Tensor } from "./safetensors-file";
import { SCHEDULER } from "./tiny-checkpoint";

const ROOT = path.resolve(import.meta.dirname, "../..");
const GOLDENS = path.join(ROOT, "tests/goldens");

/** What differs between the models: the U-Net's layout, what it predicts, and which timesteps are asked for. */
const ARCHITECTURES = {
  "bk-sdm-base": { unet: "unet/bk_sdm_base.json", scheduler: {} },
  "bk-sdm-small": { unet: "unet/bk_sdm_small.json", scheduler: {} },
  "bk-sdm-tiny": { unet: "unet/bk_sdm_tiny.json", scheduler: {} },
  "sd-turbo": { unet: "turbo/unet.json", scheduler: { timestep_spacing: "trailing" } },
  "sd-2-v": { unet: "turbo/unet.json", scheduler: { prediction_type: "v_prediction" } },
  lcm: { unet: "unet/lcm.json", scheduler: {} },
} as const;

/** Stable Diffusion 1's kind, on two levels: the adapters of the Rust tests fit it. */
const ADAPTED = { unet: "unet/adapted.json", scheduler: {} } as const;

/** `with-taesd` is `adapted` with a tiny autoencoder beside its own. */
const MODELS = { ...ARCHITECTURES, adapted: ADAPTED, "with-taesd": ADAPTED };

export type Architecture = keyof typeof ARCHITECTURES;
export const FORMULA_ARCHITECTURES = Object.keys(ARCHITECTURES) as Architecture[];

interface Description {
  config: Record<string, unknown>;
  weights: Record<string, number[]>;
}

/** Writes the model's folder. */
export function writeFormulaModel(name: keyof typeof MODELS, folder: string): void {
  const { unet: layout, scheduler } = MODELS[name];
  const unet = read(layout);
  // Latents of the pictures that it draws where no size is asked for.
  unet.config.sample_size = 8;
  const write = (file: string, content: string | Buffer) => {
    const target = path.join(folder, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content);
  };
  const writePart = (part: string, file: string, { config, weights }: Description) => {
    write(`${part}/config.json`, JSON.stringify(config));
    write(`${part}/${file}`, fileOf(Object.entries(weights).map(tensorOf)));
  };
  write("model_index.json", JSON.stringify({ _class_name: "StableDiffusionPipeline" }));
  write("scheduler/scheduler_config.json", JSON.stringify({ ...SCHEDULER, ...scheduler }));
  for (const file of fs.readdirSync(TOKENIZER)) {
    const text = fs.readFileSync(path.join(TOKENIZER, file), "utf8");
    // As Stable Diffusion 2 pads.
    write(`tokenizer/${file}`, text.replace('"pad_token": "<|endoftext|>"', '"pad_token": "!"'));
  }
  const width = unet.config.cross_attention_dim as number;
  const text = layout === ADAPTED.unet ? adaptedTextEncoder() : textEncoder(width);
  writePart("text_encoder", "model.safetensors", text);
  writePart("unet", "diffusion_pytorch_model.safetensors", unet);
  writePart("vae", "diffusion_pytorch_model.safetensors", read("turbo/vae.json"));
  if (name === "with-taesd") {
    writePart("taesd", "diffusion_pytorch_model.safetensors", read("vae/taesd.json"));
  }
}

const TOKENIZER = path.join(ROOT, "models/demo/tokenizer");

const read = (file: string): Description => JSON.parse(fs.readFileSync(path.join(GOLDENS, file), "utf8"));

/** SD-Turbo's in small, as wide as the U-Net's prompts are. */
const textEncoder = (width: number) =>
  resized(read("turbo/text_encoder.json"), { hidden_size: width, intermediate_size: 4 * width });

/** The adapters' own, with the tokenizer's vocabulary. */
const adaptedTextEncoder = () =>
  resized(read("adapters_text.json"), {
    vocab_size: read("turbo/text_encoder.json").config.vocab_size as number,
  });

/** With other lengths in the place of those that the configuration tells. */
function resized({ config, weights }: Description, sizes: Record<string, number>): Description {
  const lengths = new Map(Object.entries(sizes).map(([key, length]) => [config[key], length]));
  const shapes = Object.entries(weights).map(([name, shape]) => [
    name,
    shape.map((length) => lengths.get(length) ?? length),
  ]);
  return { config: { ...config, ...sizes }, weights: Object.fromEntries(shapes) };
}

function tensorOf([name, shape]: [string, number[]]): Tensor {
  const count = shape.reduce((product, length) => product * length, 1);
  const fanIn = count / (shape[0] ?? 1);
  const [factor, offset] =
    shape.length > 1
      ? [Math.fround(Math.sqrt(3 / fanIn)), 0]
      : name.endsWith(".weight")
        ? [0.25, 1]
        : [0.125, 0];
  const numbers = new Float32Array(count);
  const seed = hashOf(name);
  for (let index = 0; index < count; index++) {
    numbers[index] = Math.fround(uniform(seed, index) * factor) + offset;
  }
  return { name, shape, dtype: "F32", bytes: Buffer.from(numbers.buffer) };
}

/** FNV-1a. */
const hashOf = (name: string) =>
  Buffer.from(name).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);

/** MurmurHash3's finalizer; its upper 24 bits in −1…1 (1 excluded). */
function uniform(seed: number, index: number): number {
  let x = (Math.imul(index, 0x9e3779b9) + seed) >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 16;
  return (x >>> 8) / (1 << 23) - 1;
}
