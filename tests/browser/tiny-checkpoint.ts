/**
 * Stable Diffusion 1's layout at a tenth of its width with made-up numbers, as the world publishes such models: a
 * checkpoint in one file with the original names, its U-Net alone, and the same model as a folder of diffusers'. Names
 * and shapes are the golden checkpoint's of the Rust tests.
 */
import fs from "node:fs";
import path from "node:path";
import { fileOf, type Tensor, tensorsOf } from "./safetensors-file";

const ROOT = path.resolve(import.meta.dirname, "../..");
const GOLDENS = path.join(ROOT, "tests/goldens/single_file");
const MERGES = fs.readFileSync(path.join(ROOT, "models/clip-tokenizer/merges.txt"), "utf8");

const UNET = "model.diffusion_model.";
const VAE = "first_stage_model.";
const TEXT_ENCODER = "cond_stage_model.transformer.";
/** CLIP's, which all such files share. */
const VOCABULARY = 49_408;

const readJson = (file: string) => JSON.parse(fs.readFileSync(path.join(GOLDENS, file), "utf8"));

const tensors = (): Tensor[] => {
  const layers: Record<string, Record<string, number[]>> = readJson("sd1.json");
  const shapes = Object.entries(layers).flatMap(([layer, tensors]) =>
    Object.entries(tensors).map(([leaf, shape]) => [
      `${layer}.${leaf}`,
      layer.endsWith("token_embedding") ? [VOCABULARY, shape[1] ?? 0] : shape,
    ]),
  );
  return tensorsOf(Object.fromEntries(shapes));
};

export const checkpoint = (): Buffer => fileOf(tensors());

export const unetAlone = (): Buffer => fileOf(tensors().filter(({ name }) => name.startsWith(UNET)));

/** By their paths. */
export function diffusersFolder(): Map<string, Uint8Array<ArrayBuffer>> {
  const all = tensors();
  const part = (prefix: string, rename: (name: string) => string) =>
    fileOf(
      all
        .filter(({ name }) => name.startsWith(prefix))
        .map((tensor) => ({ ...tensor, name: rename(tensor.name.slice(prefix.length)) }))
        .map(withoutKernel),
    );
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const files: [string, Buffer][] = [
    ["model_index.json", json({ _class_name: "StableDiffusionPipeline" })],
    ["scheduler/scheduler_config.json", json(SCHEDULER)],
    ["tokenizer/vocab.json", json(vocabulary())],
    ["tokenizer/merges.txt", Buffer.from(MERGES)],
    ["text_encoder/config.json", json(TEXT_ENCODER_CONFIG)],
    ["text_encoder/model.safetensors", part(TEXT_ENCODER, (name) => name)],
    ["unet/config.json", json(UNET_CONFIG)],
    ["unet/diffusion_pytorch_model.safetensors", part(UNET, inDiffusersUnet())],
    ["vae/config.json", json(VAE_CONFIG)],
    ["vae/diffusion_pytorch_model.safetensors", part(VAE, inDiffusersVae)],
  ];
  return new Map(files.map(([path, bytes]) => [path, new Uint8Array(bytes)]));
}

/** Stable Diffusion 1's. */
export const SCHEDULER = {
  _class_name: "DDIMScheduler",
  num_train_timesteps: 1000,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  steps_offset: 1,
  set_alpha_to_one: false,
  prediction_type: "epsilon",
};

const UNET_CONFIG = {
  _class_name: "UNet2DConditionModel",
  in_channels: 4,
  out_channels: 4,
  sample_size: 64,
  block_out_channels: [32, 64, 64, 64],
  down_block_types: [...Array(3).fill("CrossAttnDownBlock2D"), "DownBlock2D"],
  up_block_types: ["UpBlock2D", ...Array(3).fill("CrossAttnUpBlock2D")],
  mid_block_type: "UNetMidBlock2DCrossAttn",
  layers_per_block: 2,
  attention_head_dim: 8,
  cross_attention_dim: 64,
};

const VAE_CONFIG = {
  _class_name: "AutoencoderKL",
  in_channels: 3,
  out_channels: 3,
  latent_channels: 4,
  block_out_channels: [32, 32, 64, 64],
  down_block_types: Array(4).fill("DownEncoderBlock2D"),
  up_block_types: Array(4).fill("UpDecoderBlock2D"),
  layers_per_block: 2,
};

const TEXT_ENCODER_CONFIG = {
  vocab_size: VOCABULARY,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 1,
  max_position_embeddings: 77,
  hidden_act: "quick_gelu",
  eos_token_id: VOCABULARY - 1,
};

/** By the table of pieces that the adapters' names are tested with, which leaves out norms. */
function inDiffusersUnet(): (name: string) => string {
  const table: { alone: Record<string, string>; pieces: Record<string, string> } =
    readJson("unet_layers.json");
  const pieces = Object.entries({ ...table.alone, ...table.pieces, "out.0": "conv_norm_out" });
  const resnet: [string, string][] = [
    ["in_layers.0", "norm1"],
    ["in_layers.2", "conv1"],
    ["emb_layers.1", "time_emb_proj"],
    ["out_layers.0", "norm2"],
    ["out_layers.3", "conv2"],
    ["skip_connection", "conv_shortcut"],
  ];
  return (name) => {
    const [from, to] = pieces.find(([from]) => name.startsWith(from)) ?? ["", ""];
    const rest = name.slice(from.length);
    const layer = resnet.find(([original]) => rest.startsWith(original));
    return to + (layer ? rest.replace(...layer) : rest);
  };
}

/** Levels are counted from the finest, where diffusers counts the decoder's from the coarsest. */
const inDiffusersVae = (name: string): string =>
  name
    .replace(/\.down\.(\d)\.block\./, ".down_blocks.$1.resnets.")
    .replace(/\.down\.(\d)\.downsample\./, ".down_blocks.$1.downsamplers.0.")
    .replace(/\.up\.(\d)\.block\./, (_, level) => `.up_blocks.${3 - level}.resnets.`)
    .replace(/\.up\.(\d)\.upsample\./, (_, level) => `.up_blocks.${3 - level}.upsamplers.0.`)
    .replace(".mid.block_1.", ".mid_block.resnets.0.")
    .replace(".mid.block_2.", ".mid_block.resnets.1.")
    .replace(".mid.attn_1.", ".mid_block.attentions.0.")
    .replace(".attentions.0.norm.", ".attentions.0.group_norm.")
    .replace(/\.attentions\.0\.([qkv])\./, ".attentions.0.to_$1.")
    .replace(".attentions.0.proj_out.", ".attentions.0.to_out.0.")
    .replace("nin_shortcut", "conv_shortcut")
    .replace("norm_out", "conv_norm_out");

/** The autoencoder's attention is made of 1×1 convolutions, which diffusers calls linear layers. */
function withoutKernel(tensor: Tensor): Tensor {
  if (!/mid_block\.attentions\.0\.to_/.test(tensor.name)) return tensor;
  return { ...tensor, shape: tensor.shape.slice(0, 2) };
}

/** As CLIP numbers it: the bytes by their letters, the same at a word's end, each merge, start and end of text. */
function vocabulary(): Record<string, number> {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const letters = bytes.filter(printable).map((byte) => String.fromCharCode(byte));
  for (let other = 0; letters.length < 256; other++) letters.push(String.fromCharCode(256 + other));
  const merged = MERGES.split("\n").slice(1).filter(Boolean);
  const tokens = [
    ...letters,
    ...letters.map((letter) => `${letter}</w>`),
    ...merged.map((pair) => pair.replace(" ", "")),
    "<|startoftext|>",
    "<|endoftext|>",
  ];
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}
