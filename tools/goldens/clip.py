"""What transformers' CLIP computes, in f32 on the CPU: writes tests/goldens/clip*.

Usage: python tools/goldens/clip.py      (from the repository's root; see requirements.txt)

- clip_demo.safetensors: the embedded model's text encoder and judge, on prompts and photos
- clip_text_sd15.safetensors, clip_text_gelu.safetensors, clip_vision.safetensors: random tiny models
  ("model.…", stored in f16, computed in f32), inputs, outputs, gradients; configs beside them as .json
"""

import json
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer, CLIPVisionConfig, CLIPVisionModelWithProjection,
)

torch.set_num_threads(1)
DEMO = Path("models/demo")
OUT = Path("tests/goldens")
PROMPTS = ["", "a photo of a dog", "a pencil sketch of a teddy bear wearing a crown at the beach", "an oil painting of a cat, " * 20, "🐶 café 犬"]
PHOTOS = ["dog/1", "teddy_bear/2"]


def randomize(model, seed):
    """Weights of a size that makes every part matter, exact in f16."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 1:
            value = 1 + 0.2 * noise if "norm" in name or "layrnorm" in name else 0.1 * noise
            if name.endswith("bias"):
                value = 0.1 * noise
        elif "embedding" in name and parameter.ndim == 2:
            value = 0.5 * noise
        else:
            value = noise / parameter[0].numel() ** 0.5
        parameter.data = value.half().float()
    return model.eval()


def write(name, tensors):
    path = OUT / f"{name}.safetensors"
    save_file({key: value.detach().contiguous().clone() for key, value in tensors.items()}, path, {"format": "pt"})
    print(path, path.stat().st_size, "bytes")


def demo():
    tokenizer = CLIPTokenizer.from_pretrained(DEMO / "tokenizer")
    text_model = CLIPTextModel.from_pretrained(DEMO / "text_encoder", dtype=torch.float32).eval()
    clip = CLIPModel(CLIPConfig.from_pretrained(DEMO / "clip")).eval()
    state = {**load_file(DEMO / "clip/vision_and_projections.safetensors"), **load_file(DEMO / "text_encoder/model.safetensors")}
    print(clip.load_state_dict({key: value.float() for key, value in state.items()}, strict=True))
    processor = CLIPImageProcessorPil.from_pretrained(DEMO / "clip")
    ids = tokenizer(PROMPTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    photos = [Image.open(DEMO / f"subjects/{name}.png").convert("RGB") for name in PHOTOS]
    # The middle in the judge's own size needs no resizing.
    middles = [photo.crop((64, 64, 192, 192)) for photo in photos]

    # OpenAI's way: the shorter side to the size, the centre, other means.
    openai = CLIPImageProcessorPil(size={"shortest_edge": 128}, crop_size={"height": 128, "width": 128})
    oblong = [photo.crop((10, 20, 247, 178)) for photo in photos] + [photos[0].crop((0, 0, 90, 101))]

    def embed(pictures, processor=processor):
        features = clip.get_image_features(**processor(images=pictures, return_tensors="pt")).pooler_output
        return features / features.norm(dim=-1, keepdim=True)

    with torch.no_grad():
        texts = clip.get_text_features(input_ids=ids).pooler_output
        write("clip_demo", {
            "last_hidden_state": text_model(input_ids=ids).last_hidden_state,
            "text_embeddings": texts / texts.norm(dim=-1, keepdim=True),
            "photo_embeddings": embed(photos),
            "middle_embeddings": embed(middles),
            "oblong_embeddings": embed(oblong, openai),
        })
    (OUT / "clip_demo.json").write_text(json.dumps({"prompts": PROMPTS, "photos": PHOTOS}) + "\n")


def text(name, config, seed, level):
    """A random text encoder: last hidden state, pooled output, and d(sum(output · weights))/d(embeddings)."""
    model = randomize(CLIPTextModel(CLIPTextConfig(**config, attn_implementation="eager")), seed)
    generator = torch.Generator().manual_seed(seed + 1)
    tokens = config["max_position_embeddings"]
    ids = torch.randint(0, config["vocab_size"] - 2, (2, tokens), generator=generator)
    ids[0, tokens // 2 :] = config["vocab_size"] - 1
    ids[1, -1] = config["vocab_size"] - 1
    kept = []

    def keep(_module, _inputs, output):
        output.requires_grad_(True)
        output.retain_grad()
        kept.append(output)

    model.embeddings.token_embedding.weight.requires_grad_(False)
    handle = model.embeddings.token_embedding.register_forward_hook(keep)
    output = model(input_ids=ids)
    handle.remove()
    weights = torch.randn(output.last_hidden_state.shape, generator=generator)
    (output.last_hidden_state * weights).sum().backward()
    write(name, {
        **{f"model.{level}{key}": value.half() for key, value in model.state_dict().items()},
        "ids": ids.float(),
        "last_hidden_state": output.last_hidden_state,
        "pooled": output.pooler_output,
        "output_weights": weights,
        "gradient": kept[0].grad,
    })
    (OUT / f"{name}.json").write_text(json.dumps(config) + "\n")


def vision(name, config, seed):
    model = randomize(CLIPVisionModelWithProjection(CLIPVisionConfig(**config, attn_implementation="eager")), seed)
    pixels = torch.randn((2, 3, config["image_size"], config["image_size"]), generator=torch.Generator().manual_seed(seed + 1))
    with torch.no_grad():
        pooled = model.vision_model(pixel_values=pixels).pooler_output
    write(name, {
        **{f"model.{key}": value.half() for key, value in model.state_dict().items()},
        "pixel_values": pixels.permute(0, 2, 3, 1),
        "pooled": pooled,
    })
    (OUT / f"{name}.json").write_text(json.dumps(config) + "\n")


OUT.mkdir(parents=True, exist_ok=True)
demo()
# Stable Diffusion 1.5's layout and its wrong eos_token_id, narrower.
text("clip_text_sd15", dict(
    vocab_size=64, hidden_size=24, intermediate_size=96, num_hidden_layers=12, num_attention_heads=12, max_position_embeddings=77,
    hidden_act="quick_gelu", layer_norm_eps=1e-5, bos_token_id=0, eos_token_id=2, pad_token_id=1,
), 1, "text_model.")
# Stable Diffusion 2's activation, names without the "text_model" level.
text("clip_text_gelu", dict(
    vocab_size=40, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2, max_position_embeddings=16,
    hidden_act="gelu", layer_norm_eps=1e-6, bos_token_id=38, eos_token_id=39, pad_token_id=0,
), 2, "")
vision("clip_vision", dict(
    hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, image_size=24, patch_size=8, hidden_act="gelu", layer_norm_eps=1e-5,
    projection_dim=16,
), 3)
