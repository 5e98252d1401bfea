"""What transformers' CLIP and DINO (ViT) compute as judges, in f32 on the CPU: writes tests/goldens/evaluation/.

Usage: python tools/goldens/evaluation.py      (from the repository's root; see requirements.txt)

- clip/: a random tiny CLIPModel as a whole folder: config, weights (f16), tokenizer, preprocessor
- dino/: a random tiny ViTModel of DINO v1's layout (224 pixels, patches of 16)
- scores.safetensors, scores.json: texts and photos, and their unit vectors by both
"""

import json
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer, ViTConfig, ViTModel

torch.set_num_threads(1)
DEMO = Path("models/demo")
OUT = Path("tests/goldens/evaluation")
PROMPTS = ["a photo of a dog", "A photo depicts a dog at the beach", "a cat, " * 30]
PHOTOS = ["dog/1", "teddy_bear/2"]
# Words of the tiny vocabulary beside its letters.
MERGES = ["a t</w>", "t h", "th e</w>", "d o", "do g</w>", "p h", "o t", "ph ot", "phot o</w>"]


def randomize(model, seed):
    """Weights of a size that makes every part matter, exact in f16."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 1:
            value = 1 + 0.2 * noise if "norm" in name and name.endswith("weight") else 0.1 * noise
        elif "embedding" in name and parameter.ndim in (2, 3):
            value = 0.5 * noise
        else:
            value = noise / max(parameter[0].numel(), 1) ** 0.5 if parameter.ndim else noise
        parameter.data = value.half().float()
    return model.eval()


def save(model, folder):
    """As upstream's files are: saved by transformers, in f16."""
    model.half().save_pretrained(folder)
    model.float()
    (folder / "model.safetensors").chmod(0o644)
    print(folder, sum(file.stat().st_size for file in folder.iterdir()), "bytes;", *sorted(load_file(folder / "model.safetensors"))[:40], sep="\n  ")


def unit(features):
    return features / features.norm(dim=-1, keepdim=True)


def clip(photos):
    folder = OUT / "clip"
    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz,."
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(merge.split()) for merge in MERGES), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary) + "\n")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *MERGES]) + "\n")
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**special, "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}) + "\n")
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    end = vocabulary["<|endoftext|>"]
    config = CLIPConfig(
        text_config=dict(vocab_size=len(tokens), hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=3, bos_token_id=end - 1, eos_token_id=end, pad_token_id=end),
        vision_config=dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=48, patch_size=16),
        projection_dim=20,
    )
    model = randomize(CLIPModel(config), 11)
    save(model, folder)
    # As older versions saved them: what is at its default is left out.
    saved = json.loads((folder / "config.json").read_text())
    for tower in ("text_config", "vision_config"):
        for default in ("max_position_embeddings", "hidden_act", "layer_norm_eps", "num_channels"):
            saved[tower].pop(default, None)
    (folder / "config.json").write_text(json.dumps(saved, indent=1) + "\n")
    processor = CLIPImageProcessorPil(size={"shortest_edge": 48}, crop_size={"height": 48, "width": 48})
    settings = {"do_resize": True, "size": 48, "resample": 3, "do_center_crop": True, "crop_size": 48, "do_normalize": True, "image_mean": processor.image_mean, "image_std": processor.image_std}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings) + "\n")
    ids = tokenizer(PROMPTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    with torch.no_grad():
        texts = model.get_text_features(input_ids=ids).pooler_output
        pictures = model.get_image_features(**processor(images=photos, return_tensors="pt")).pooler_output
    return {"clip_texts": unit(texts), "clip_photos": unit(pictures)}


def imagenet_crop(photo):
    """torchvision's Resize(256, bicubic), CenterCrop(224), ToTensor, Normalize on a PIL picture, as DreamBooth's DINO score takes them."""
    width, height = photo.size
    short = min(width, height)
    size = (256 if width == short else int(256 * width / height), 256 if height == short else int(256 * height / width))
    photo = photo.resize(size, Image.BICUBIC)
    left, top = int(round((photo.width - 224) / 2.0)), int(round((photo.height - 224) / 2.0))
    photo = photo.crop((left, top, left + 224, top + 224))
    pixels = torch.frombuffer(bytearray(photo.tobytes()), dtype=torch.uint8).view(224, 224, 3).permute(2, 0, 1).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (pixels - mean.view(3, 1, 1)) / std.view(3, 1, 1)


def dino(photos):
    folder = OUT / "dino"
    folder.mkdir(parents=True, exist_ok=True)
    config = ViTConfig(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=3, image_size=224, patch_size=16)
    model = randomize(ViTModel(config, add_pooling_layer=False), 12)
    save(model, folder)
    with torch.no_grad():
        hidden = model(pixel_values=torch.stack([imagenet_crop(photo) for photo in photos])).last_hidden_state
    return {"dino_photos": unit(hidden[:, 0])}


photos = [Image.open(DEMO / f"subjects/{name}.png").convert("RGB") for name in PHOTOS]
# Wider than high and higher than wide, with an odd rest beside the crop.
photos += [photos[0].crop((10, 20, 247, 178)), photos[1].crop((0, 0, 90, 131))]
tensors = {**clip(photos), **dino(photos)}
save_file({key: value.contiguous().clone() for key, value in tensors.items()}, OUT / "scores.safetensors", {"format": "pt"})
(OUT / "scores.safetensors").chmod(0o644)
(OUT / "scores.json").write_text(json.dumps({"prompts": PROMPTS, "photos": PHOTOS}) + "\n")
