"""The same picture from an adapter in Palpable and in the programs that it is exchanged with.

    python tools/consumers/check_pictures.py PALPABLE MODEL_FOLDER ADAPTER.safetensors

PALPABLE is the command-line program, MODEL_FOLDER a model in diffusers' layout of the embedded model's size,
ADAPTER an adapter that Palpable trained on it (LoRA and one word).

Out: `palpable export` writes ADAPTER in every format; diffusers, peft and LyCORIS load what is theirs.
In: a random LoRA on all linear layers and convolutions of the U-Net and of the text encoder's transformer,
saved by diffusers, by peft, and in the layout of sd-scripts; and a word saved for diffusers. Palpable reads them.

Each time both programs draw one picture from the same noise (DDIM, 10 steps, guidance 5, f32). Prints the
PSNR of the 8-bit pictures and how far the adapter moved the picture from the base model's; fails below 40 dB.
Needs the packages of tools/consumers/requirements.txt.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig, PeftModel
from peft.utils import get_peft_model_state_dict
from lycoris.kohya import LycorisNetworkKohya, create_network_from_weights
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save, save_file
from transformers import CLIPTextModel, CLIPTokenizer

STEPS, GUIDANCE, SEED = 10, 5.0, 3
LEAST_PSNR = 40.0
TEXT_PROJECTIONS = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]


def philox_normal(seed, count):
    """The first latents' noise of a seed: src/sampling/noise.rs in numpy."""
    blocks = -(-count // 4)
    counter = [np.arange(blocks, dtype=np.uint64), *(np.zeros(blocks, dtype=np.uint64) for _ in range(3))]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    low, high = lambda x: x & np.uint64(0xFFFFFFFF), lambda x: x >> np.uint64(32)
    for _ in range(10):
        first, second = np.uint64(0xD2511F53) * counter[0], np.uint64(0xCD9E8D57) * counter[2]
        counter = [
            high(second) ^ counter[1] ^ np.uint64(key[0]),
            low(second),
            high(first) ^ counter[3] ^ np.uint64(key[1]),
            low(first),
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    words = np.stack(counter, axis=1).astype(np.float64).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log((words[:, 0] + 1) / 2**32))
    angle = 2 * np.pi * words[:, 1] / 2**32
    values = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return values.reshape(-1)[:count].astype(np.float32)


class Consumers:
    """Fresh pipelines of one model, and pictures from them."""

    def __init__(self, model):
        self.model = model

    def pipeline(self):
        part = lambda kind, name: kind.from_pretrained(self.model / name, torch_dtype=torch.float32).eval()
        return StableDiffusionPipeline(
            vae=part(AutoencoderKL, "vae"),
            text_encoder=part(CLIPTextModel, "text_encoder"),
            tokenizer=CLIPTokenizer.from_pretrained(self.model / "tokenizer"),
            unet=part(UNet2DConditionModel, "unet"),
            scheduler=DDIMScheduler.from_pretrained(self.model / "scheduler"),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )

    def picture(self, pipe, prompt):
        pipe.set_progress_bar_config(disable=True)
        side, channels = pipe.unet.config.sample_size, pipe.unet.config.in_channels
        noise = philox_normal(SEED, side * side * channels).reshape(1, side, side, channels)
        latents = torch.from_numpy(noise).permute(0, 3, 1, 2).contiguous()
        with torch.no_grad():
            result = pipe(prompt, num_inference_steps=STEPS, guidance_scale=GUIDANCE, latents=latents)
        return np.asarray(result.images[0].convert("RGB"), dtype=np.float64)


class Palpable:
    def __init__(self, program, model, folder):
        self.program, self.model, self.folder = program, model, folder

    def run(self, *arguments):
        subprocess.run([str(self.program), *map(str, arguments)], check=True, capture_output=True)

    def picture(self, prompt, adapters=()):
        out = self.folder / "picture.png"
        given = [argument for adapter in adapters for argument in ("--adapter", adapter)]
        self.run(
            "generate", "--device=cpu", "--precision=f32", "--model", self.model, "--prompt", prompt, "--prompt-syntax=literal",
            "--seed", SEED, "--steps", STEPS, "--guidance", GUIDANCE, "--sampler=ddim", "--out", out, *given,
        )  # fmt: skip
        return np.asarray(Image.open(out).convert("RGB"), dtype=np.float64)


def psnr(a, b):
    error = np.mean((a - b) ** 2)
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def random_lora(pipe, seed):
    """On every linear layer and convolution that adapters may change; the factors by peft's modules."""
    torch.manual_seed(seed)
    layers = (torch.nn.Linear, torch.nn.Conv2d)
    paths = [path for path, module in pipe.unet.named_modules() if isinstance(module, layers) and not path.startswith("time_embedding")]
    unet = PeftModel(pipe.unet, LoraConfig(r=4, lora_alpha=8, target_modules=paths))
    text = PeftModel(pipe.text_encoder, LoraConfig(r=4, lora_alpha=2, target_modules=TEXT_PROJECTIONS))
    for module in [unet, text]:
        for name, parameter in module.named_parameters():
            if "lora_" in name:
                fan_in = parameter[0].numel()
                parameter.data = torch.randn(parameter.shape) * (0.25 / fan_in**0.5)
    return unet, text


def load_with_lycoris(pipe, file):
    """Of kohya's layout the U-Net's part: LyCORIS looks for the text encoder's layers by the names that
    transformers had before version 5."""
    # What it would train by itself, it then finds twice in diffusers' time embedding.
    LycorisNetworkKohya.UNET_TARGET_REPLACE_NAME = []
    network, state = create_network_from_weights(1.0, str(file), pipe.vae, pipe.text_encoder, pipe.unet, for_inference=True)
    network.merge_to(pipe.text_encoder, pipe.unet, state, torch.float32, "cpu")
    return len(network.unet_loras)


def wide_out_of_palpable(palpable, consumers, folder, report):
    """LoRA on every layer, read from peft's files and written again in each format."""
    prompt = "a photo of a dog on the beach"
    base = palpable.picture(prompt)
    for name, source in [("all layers", folder / "saved_by_peft"), ("all layers of the U-Net", folder / "saved_by_peft" / "unet")]:
        ours = palpable.picture(prompt, [source])
        moved = psnr(ours, base)
        again = folder / name.replace(" ", "_")
        for form in ["kohya", "diffusers", "peft"]:
            palpable.run("export", "--adapter", source, "--format", form, "--out", again / (f"{form}.safetensors" if form == "kohya" else form))
        for form, weights in [("kohya", again / "kohya.safetensors"), ("diffusers", again / "diffusers" / "pytorch_lora_weights.safetensors")]:
            pipe = consumers.pipeline()
            pipe.load_lora_weights(weights.parent, weight_name=weights.name)
            report(f"{name}, Palpable's {form} file in diffusers", psnr(ours, consumers.picture(pipe, prompt)), moved)
        if name == "all layers":
            continue
        pipe = consumers.pipeline()
        pipe.unet = PeftModel.from_pretrained(pipe.unet, again / "peft").merge_and_unload()
        report(f"{name}, Palpable's peft folder in peft", psnr(ours, consumers.picture(pipe, prompt)), moved)
        pipe = consumers.pipeline()
        found = load_with_lycoris(pipe, again / "kohya.safetensors")
        report(f"{name}, Palpable's kohya file in LyCORIS ({found} layers)", psnr(ours, consumers.picture(pipe, prompt)), moved)


def out_of_palpable(palpable, consumers, adapter, folder, report):
    with safe_open(adapter, "pt") as file:
        metadata = file.metadata()
    word = metadata["palpable.placeholder"]
    prompt = f"a photo of {word} in the snow"
    ours = palpable.picture(prompt, [adapter])
    base = palpable.picture(prompt.replace(word, metadata.get("palpable.class_noun", "dog")))
    moved = psnr(ours, base)
    for name in ["diffusers", "peft"]:
        palpable.run("export", "--adapter", adapter, "--format", name, "--out", folder / name)
    palpable.run("export", "--adapter", adapter, "--format", "embedding", "--out", folder / "word.safetensors")

    def with_word(pipe, file):
        pipe.load_textual_inversion(file, token=word)
        return pipe

    def compare(name, pipe):
        report(f"Palpable's file in {name}", psnr(ours, consumers.picture(pipe, prompt)), moved)

    # kohya's file: diffusers knows it only without the bundled word
    tensors = load_file(adapter)
    lora = {key: value for key, value in tensors.items() if not key.startswith("bundle_emb.")}
    save_file(lora, folder / "lora.safetensors")
    recomputed = save(tensors, {key: value for key, value in metadata.items() if key.startswith("ss_")})
    length = int.from_bytes(recomputed[:8], "little") + 8
    if hashlib.sha256(recomputed[length:]).hexdigest() != metadata["sshs_model_hash"]:
        sys.exit("sshs_model_hash is not what kohya computes")
    pipe = with_word(consumers.pipeline(), folder / "word.safetensors")
    pipe.load_lora_weights(folder, weight_name="lora.safetensors")
    compare("diffusers (kohya's layout, emb_params)", pipe)

    pipe = with_word(consumers.pipeline(), folder / "diffusers" / "learned_embeds.safetensors")
    pipe.load_lora_weights(folder / "diffusers", weight_name="pytorch_lora_weights.safetensors")
    compare("diffusers (its own folder)", pipe)

    pipe = with_word(consumers.pipeline(), folder / "peft" / "learned_embeds.safetensors")
    pipe.unet = PeftModel.from_pretrained(pipe.unet, folder / "peft").merge_and_unload()
    compare("peft (its own folder)", pipe)

    pipe = with_word(consumers.pipeline(), folder / "word.safetensors")
    load_with_lycoris(pipe, folder / "lora.safetensors")
    compare("LyCORIS (kohya's layout, emb_params)", pipe)


def into_palpable(palpable, consumers, folder, report):
    prompt = "a photo of a dog on the beach"
    base = palpable.picture(prompt)
    report("no adapter", psnr(base, consumers.picture(consumers.pipeline(), prompt)), float("inf"))
    pipe = consumers.pipeline()
    unet, text = random_lora(pipe, 5)
    unet_state, text_state = ({key.removeprefix("base_model.model."): value.contiguous() for key, value in get_peft_model_state_dict(module).items()} for module in [unet, text])
    text_state = {f"text_model.{key.removeprefix('text_model.')}": value for key, value in text_state.items()}
    theirs = consumers.picture(pipe, prompt)
    scales = lambda alpha: {"r": 4, "lora_alpha": alpha}
    StableDiffusionPipeline.save_lora_weights(
        folder / "saved", unet_state, text_state,
        unet_lora_adapter_metadata=scales(8), text_encoder_lora_adapter_metadata=scales(2),
    )  # fmt: skip
    unet.save_pretrained(folder / "saved_by_peft" / "unet")
    text.save_pretrained(folder / "saved_by_peft" / "text_encoder")
    kohya = {}
    for prefix, state, alpha in [("lora_unet_", unet_state, 8.0), ("lora_te_", text_state, 2.0)]:
        for key, value in state.items():
            path, factor = key.removesuffix(".weight").rsplit(".", 1)
            name = prefix + path.replace(".", "_")
            kohya[f"{name}.{'lora_down' if factor == 'lora_A' else 'lora_up'}.weight"] = value.detach().clone()
            kohya[f"{name}.alpha"] = torch.tensor(alpha)
    save_file(kohya, folder / "sd_scripts.safetensors")
    for name, adapter in [
        ("diffusers", folder / "saved" / "pytorch_lora_weights.safetensors"),
        ("peft", folder / "saved_by_peft"),
        ("the layout of sd-scripts", folder / "sd_scripts.safetensors"),
    ]:
        ours = palpable.picture(prompt, [adapter])
        report(f"a file of {name} in Palpable", psnr(ours, theirs), psnr(ours, base))
    halves = palpable.picture(prompt, [f"{folder / 'saved_by_peft'}:0.5", f"{folder / 'sd_scripts.safetensors'}:0.5"])
    report("peft's and sd-scripts' at half strength", psnr(halves, theirs), psnr(halves, base))

    torch.manual_seed(6)
    width = pipe.text_encoder.config.hidden_size
    save_file({"<toy>": torch.randn(2, width) * 0.3}, folder / "learned_embeds.safetensors", {"format": "pt"})
    pipe = consumers.pipeline()
    pipe.load_textual_inversion(folder / "learned_embeds.safetensors")
    prompt = "a photo of <toy> on the beach"
    ours = palpable.picture(prompt, [folder / "learned_embeds.safetensors"])
    report("a word of diffusers in Palpable", psnr(ours, consumers.picture(pipe, prompt)), psnr(ours, base))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("palpable", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("adapter", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    worst = float("inf")

    def report(name, found, moved):
        nonlocal worst
        worst = min(worst, found)
        print(f"{name}: {found:.1f} dB (the adapter moved the picture to {moved:.1f} dB of the base model's)", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        palpable, consumers = Palpable(args.palpable, args.model, folder), Consumers(args.model)
        into_palpable(palpable, consumers, folder, report)
        wide_out_of_palpable(palpable, consumers, folder, report)
        out_of_palpable(palpable, consumers, args.adapter, folder, report)
    if not worst >= LEAST_PSNR:
        sys.exit(f"below {LEAST_PSNR:g} dB")
    print("ok")


if __name__ == "__main__":
    main()
