/**
 * Writes a model of the demo model's shape, but narrower, with a shallower text encoder and random weights.
 * It draws noise, and computes as any model does, in a fraction of the time. For runs that test the machine
 * and not the pictures.
 */
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./run.mjs";

const DEMO = path.join(ROOT, "models/demo");
/** Every width of the networks is divided by this. */
const NARROWER = 4;
/** Side of the pictures in pixels; that of the latents is an eighth of it. */
const RESOLUTION = 64;

/** @typedef {{ name: string, shape: number[] }} Tensor */

/** Writes the folder, in diffusers' layout. @param {string} folder */
export function writeTinyModel(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  for (const part of ["tokenizer", "scheduler"]) {
    fs.cpSync(path.join(DEMO, part), path.join(folder, part), { recursive: true });
  }
  fs.copyFileSync(path.join(DEMO, "model_index.json"), path.join(folder, "model_index.json"));
  writePart(folder, "unet", (config) => ({
    ...config,
    block_out_channels: config.block_out_channels.map(narrowed),
    cross_attention_dim: narrowed(config.cross_attention_dim),
    norm_num_groups: config.norm_num_groups / NARROWER,
    sample_size: RESOLUTION / 8,
  }));
  writePart(folder, "vae", (config) => ({
    ...config,
    block_out_channels: config.block_out_channels.map(narrowed),
    norm_num_groups: config.norm_num_groups / NARROWER,
    sample_size: RESOLUTION,
  }));
  writePart(folder, "text_encoder", (config) => ({
    ...config,
    hidden_size: narrowed(config.hidden_size),
    intermediate_size: narrowed(config.intermediate_size),
    projection_dim: narrowed(config.projection_dim),
    num_hidden_layers: 1,
  }));
}

/** @param {number} width */
const narrowed = (width) => width / NARROWER;

/**
 * @param {string} folder
 * @param {"unet" | "vae" | "text_encoder"} part
 * @param {(config: any) => object} change
 */
function writePart(folder, part, change) {
  const from = path.join(DEMO, part);
  const to = path.join(folder, part);
  fs.mkdirSync(to, { recursive: true });
  const config = JSON.parse(fs.readFileSync(path.join(from, "config.json"), "utf8"));
  fs.writeFileSync(path.join(to, "config.json"), JSON.stringify(change(config)));
  const tensors = fs
    .readdirSync(from)
    .filter((file) => file.endsWith(".safetensors"))
    .flatMap((file) => tensorsOf(path.join(from, file)))
    .filter(({ name }) => !/encoder\.layers\.[1-9]/.test(name) || part !== "text_encoder")
    .map(({ name, shape }) => ({ name, shape: narrowedShape(name, shape) }));
  const file = part === "text_encoder" ? "model.safetensors" : "diffusion_pytorch_model.safetensors";
  fs.writeFileSync(path.join(to, file), safetensors(tensors));
}

/** Names and shapes of tensors, from a file's header. @param {string} file @returns {Tensor[]} */
function tensorsOf(file) {
  const bytes = fs.readFileSync(file);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
  delete header.__metadata__;
  return Object.entries(header).map(([name, { shape }]) => ({ name, shape }));
}

/**
 * Shape of a tensor in the narrower model. Only widths shrink, which are all 32 or more; channels of pictures
 * and latents, kernel sizes, positions and the vocabulary stay.
 * @param {string} name @param {number[]} shape
 */
const narrowedShape = (name, shape) =>
  shape.map((length, at) =>
    length < 32 || (/_embedding\.weight$/.test(name) && at === 0) ? length : narrowed(length),
  );

/** @param {Tensor[]} tensors */
function safetensors(tensors) {
  /** @type {Record<string, { dtype: "F32", shape: number[], data_offsets: number[] }>} */
  const header = {};
  let end = 0;
  const data = tensors.map(({ name, shape }) => {
    const values = valuesOf(name, shape);
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
    return Buffer.from(values.buffer);
  });
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...data]);
}

/**
 * Values of a tensor: norms scale by 1, biases are 0, weights keep the length of their inputs.
 * @param {string} name @param {number[]} shape
 */
function valuesOf(name, shape) {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  if (name.endsWith(".bias")) return values;
  if (shape.length === 1) return values.fill(1);
  const spread = Math.sqrt(3 / (values.length / (shape[0] ?? 1)));
  return values.map(() => spread * (2 * Math.random() - 1));
}
