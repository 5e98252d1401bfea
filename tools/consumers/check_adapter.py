"""Loads a LoRA file that Palpable wrote with diffusers, and compares what it does to the model.

    python tools/consumers/check_adapter.py ADAPTER.safetensors MODEL_FOLDER

1. The keys of a bundled embedding are taken out: diffusers recognizes kohya files only without them.
2. `load_lora_weights` and `fuse_lora` change the attention weights of the model's U-Net.
3. The same change is computed from the file alone: W0 + alpha/rank * up @ down.

Prints the largest difference, and fails if a layer was missed or the difference is above 1e-5.
The embedding is loaded with `load_textual_inversion` and compared too.
Needs the packages of tools/goldens/requirements.txt.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTokenizer


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("model", type=Path)
    return parser.parse_args()


def expected_changes(lora, paths):
    """By module path; kohya's flat names are looked up among the model's own."""
    changes = {}
    for path in paths:
        name = "lora_unet_" + path.replace(".", "_")
        if f"{name}.lora_down.weight" in lora:
            down = lora.pop(f"{name}.lora_down.weight").double()
            up = lora.pop(f"{name}.lora_up.weight").double()
            alpha = lora.pop(f"{name}.alpha").item()
            changes[path] = alpha / down.shape[0] * (up @ down)
    if lora:
        sys.exit(f"keys that name no layer of the model: {sorted(lora)[:5]}")
    return changes


def pipeline(model):
    dtype = torch.float32
    return StableDiffusionPipeline(
        vae=None,
        text_encoder=CLIPTextModel.from_pretrained(model / "text_encoder", torch_dtype=dtype),
        tokenizer=CLIPTokenizer.from_pretrained(model / "tokenizer"),
        unet=UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=dtype),
        scheduler=DDIMScheduler.from_pretrained(model / "scheduler"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def main():
    torch.set_num_threads(1)
    args = arguments()
    tensors = load_file(args.adapter)
    with safe_open(args.adapter, "pt") as file:
        print("metadata keys:", ", ".join(sorted(file.metadata())))
    bundled = {key: tensors.pop(key) for key in list(tensors) if key.startswith("bundle_emb.")}
    pipe = pipeline(args.model)
    weights = {
        path: module.weight.detach().double().clone()
        for path, module in pipe.unet.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    with tempfile.TemporaryDirectory() as folder:
        save_file(tensors, Path(folder) / "lora.safetensors")
        pipe.load_lora_weights(folder, weight_name="lora.safetensors")
    pipe.fuse_lora()
    pipe.unload_lora_weights()
    fused = {path: module.weight.detach().double() for path, module in pipe.unet.named_modules() if path in weights}

    changes = expected_changes(tensors, weights)
    difference = 0.0
    for path, before in weights.items():
        expected = before + changes[path] if path in changes else before
        difference = max(difference, (fused[path] - expected).abs().max().item())
    largest = max((change.abs().max().item() for change in changes.values()), default=0.0)
    print(f"{len(changes)} adapted layers, largest change {largest:.4f}, largest difference {difference:.2e}")

    for key, vectors in bundled.items():
        placeholder = f"<{key.split('.')[1]}>"
        pipe.load_textual_inversion({placeholder: vectors}, token=placeholder)
        ids = [token for token in pipe.tokenizer.get_added_vocab() if token.startswith(placeholder)]
        table = pipe.text_encoder.get_input_embeddings().weight
        loaded = table[pipe.tokenizer.convert_tokens_to_ids(sorted(ids))].detach()
        gap = (loaded - vectors).abs().max().item()
        print(f"embedding {placeholder}: {len(vectors)} vectors, largest difference {gap:.2e}")
        difference = max(difference, gap)
    if difference > 1e-5:
        sys.exit("the adapter does not do the same there")
    print("ok")


if __name__ == "__main__":
    main()
