/**
 * One adapter as the programs of the field write it, and embeddings: files for the model `adapted`. The numbers are those
 * of the goldens that peft wrote.
 */
import fs from "node:fs";
import path from "node:path";
import { fileOf, safetensorsFile, type Tensor, tensorsIn, tensorsOf } from "./safetensors-file";

const GOLDENS = path.resolve(import.meta.dirname, "../goldens");
/** As wide as the model's prompts. */
const VECTORS = [2, 24];

const golden = (name: string) => fs.readFileSync(path.join(GOLDENS, `adapters_wide_${name}.safetensors`));

/** Of all attention layers of the U-Net: what the older layouts have names for. */
const attention = tensorsIn(golden("peft")).filter(({ name }) => /^unet\..*\.attn[12]\./.test(name));

const renamed = (rename: (name: string) => string): Tensor[] =>
  attention.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));

/** With those names for the two factors. */
const factor = (name: string, down: string, up: string) =>
  name.replace(".lora_A.", down).replace(".lora_B.", up);

/** Every layer of U-Net and text encoder, convolutions too. */
const WIDE = { peft: golden("peft"), "sd-scripts": golden("kohya") };

/** By their names: the U-Net's attention. */
const ATTENTION = {
  diffusers: fileOf(renamed((name) => factor(name, ".lora.down.", ".lora.up."))),
  "diffusers-of-old": fileOf(
    renamed((name) =>
      factor(name, "_lora.down.", "_lora.up.")
        .replace(/\.(attn[12])\./, ".$1.processor.")
        .replace("to_out.0_", "to_out_"),
    ),
  ),
};

/** A LoRA and the word that goes with it, in one file. */
const BUNDLE = fileOf([
  ...renamed((name) => {
    const [, layer = "", rest = ""] = /^unet\.(.*)(\.lora_.*)$/.exec(name) ?? [];
    return `lora_unet_${layer.replaceAll(".", "_")}${factor(rest, ".lora_down.", ".lora_up.")}`;
  }),
  ...tensorsOf({ "bundle_emb.bundled.clip_l": VECTORS }),
]);

/** Two words and nothing else. */
export const TWO_WORDS = safetensorsFile({
  "bundle_emb.red-dog.clip_l": VECTORS,
  "bundle_emb.blue-cat.clip_l": VECTORS,
});

/** The files by their names without the ending. */
export const DIALECTS = {
  ...WIDE,
  ...ATTENTION,
  "one-trainer": BUNDLE,
  "a1111-style": safetensorsFile({ emb_params: VECTORS }),
};

export type Dialect = keyof typeof DIALECTS;
