"""What diffusers' AutoencoderKL answers, for tests/models/vae.rs.

Run from the repository's root: python tools/goldens/vae.py
Files as in unet.py, in tests/goldens/vae. Images and latents are stored channels-last.
"""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from PIL import Image
from safetensors.torch import save_file

import formula

GOLDENS = Path("tests/goldens/vae")
PHOTO = "models/demo/subjects/dog/1.png"

# Stable Diffusion 1.5's layout, an eighth as wide.
SD15_LAYOUT = dict(
    block_out_channels=(16, 32, 64, 64),
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
    layers_per_block=2,
    norm_num_groups=16,
)
BARE = dict(
    block_out_channels=(8, 16),
    down_block_types=("DownEncoderBlock2D",) * 2,
    up_block_types=("UpDecoderBlock2D",) * 2,
    layers_per_block=1,
    latent_channels=3,
    norm_num_groups=4,
    use_quant_conv=False,
    use_post_quant_conv=False,
    mid_block_add_attention=False,
)

# TAESD's layout, an eighth as wide.
TAESD = dict(encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4)


def channels_last(image):
    return image.permute(0, 2, 3, 1).contiguous()


def formula_model(name, settings, kind=AutoencoderKL):
    model = kind(**settings).eval()
    shapes = formula.fill(model)
    description = {"config": dict(model.config), "weights": shapes}
    (GOLDENS / f"{name}.json").write_text(json.dumps(description) + "\n")
    return model


def record(name, model, images, latents=None, cut=lambda image, scale: image):
    """Encodes the images; decodes the latents, or the means just found. Keeps what `cut` leaves."""
    with torch.no_grad():
        moments = model.encode(images).latent_dist
        decoded = model.decode(moments.mean if latents is None else latents).sample
    tensors = {
        "mean": cut(moments.mean, 1),
        "log_variance": cut(moments.logvar, 1),
        "decoded": cut(decoded, 8),
    }
    save_file({key: channels_last(value) for key, value in tensors.items()}, GOLDENS / f"{name}.safetensors")
    return moments


def record_tiles(model):
    """Both ways in tiles of 4 latents, of which 1 overlaps the next tile; without the strips at the end."""
    model.enable_tiling()
    model.tile_latent_min_size = 4
    model.tile_sample_min_size = 32
    images = formula.values("tiled images", (1, 80, 56, 3)).permute(0, 3, 1, 2)
    latents = formula.values("tiled latents", (1, 10, 7, 4)).permute(0, 3, 1, 2)
    record("tiled", model, images, latents, lambda image, scale: image[:, :, : 9 * scale, : 6 * scale])
    model.disable_tiling()


def photo():
    """The middle 128×128 pixels of a subject's photo, in −1…1."""
    pixels = np.asarray(Image.open(PHOTO).convert("RGB").crop((64, 64, 192, 192)), dtype=np.float32)
    return torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1)[None]


def main():
    torch.set_num_threads(1)
    GOLDENS.mkdir(parents=True, exist_ok=True)
    demo = AutoencoderKL.from_pretrained("models/demo/vae", torch_dtype=torch.float32)
    record("demo", demo, photo())

    images = formula.values("images", (2, 32, 24, 3)).permute(0, 3, 1, 2)
    latents = formula.values("latents", (2, 4, 3, 4)).permute(0, 3, 1, 2)
    sd15_layout = formula_model("sd15_layout", SD15_LAYOUT)
    record("sd15_layout", sd15_layout, images, latents)
    record_tiles(sd15_layout)

    # Odd sizes; log variances far beyond what is let through.
    bare = formula_model("bare", BARE)
    bare.encoder.conv_out.weight.data *= 64
    images = formula.values("images", (1, 13, 10, 3)).permute(0, 3, 1, 2)
    latents = formula.values("latents", (1, 6, 5, 3)).permute(0, 3, 1, 2)
    moments = record("bare", bare, images, latents)
    tiny = formula_model("taesd", TAESD, AutoencoderTiny)
    images = formula.values("images", (2, 32, 24, 3)).permute(0, 3, 1, 2)
    latents = formula.values("latents", (2, 4, 3, 4)).permute(0, 3, 1, 2)
    with torch.no_grad():
        tensors = {"latents": tiny.encode(images).latents, "decoded": tiny.decode(latents).sample}
    save_file({key: channels_last(value) for key, value in tensors.items()}, GOLDENS / "taesd.safetensors")
    assert moments.logvar.min() == -30 and moments.logvar.max() == 20


if __name__ == "__main__":
    main()
