"""What diffusers draws in one step with SD-Turbo's layout, a tenth as wide, for tests/pipeline/turbo.rs.

Run from the repository's root: python tools/goldens/turbo.py
The text encoder, U-Net and scheduler are Stable Diffusion 2.1's in small: exact GELU, linear projections, 64 channels
a head (here 32), padding with "!", timesteps from the end. Weights are formula.py's.
"""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import formula
from vae import SD15_LAYOUT, channels_last

GOLDENS = Path("tests/goldens/turbo")
PROMPT = "a photo of a dog wearing a crown"
TEXT_ENCODER = dict(
    hidden_size=32,
    intermediate_size=128,
    num_hidden_layers=3,
    num_attention_heads=2,
    hidden_act="gelu",
    projection_dim=32,
    max_position_embeddings=77,
)
UNET = dict(
    sample_size=16,
    block_out_channels=(32, 64, 128, 128),
    attention_head_dim=(1, 2, 4, 4),
    cross_attention_dim=32,
    use_linear_projection=True,
)
SCHEDULER = dict(
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    prediction_type="epsilon",
    timestep_spacing="trailing",
    steps_offset=1,
)


def record(name, model, config):
    model.eval()
    description = {"config": config, "weights": formula.fill(model)}
    (GOLDENS / f"{name}.json").write_text(json.dumps(description) + "\n")
    return model


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    GOLDENS.mkdir(parents=True, exist_ok=True)
    tokenizer = CLIPTokenizer.from_pretrained("models/demo/tokenizer", pad_token="!")
    text_config = CLIPTextConfig(vocab_size=len(tokenizer), **TEXT_ENCODER)
    scheduler = EulerDiscreteScheduler(**SCHEDULER)
    unet = UNet2DConditionModel(**UNET)
    vae = AutoencoderKL(**SD15_LAYOUT)
    pipeline = StableDiffusionPipeline(
        tokenizer=tokenizer,
        text_encoder=record("text_encoder", CLIPTextModel(text_config), text_config.to_dict()),
        unet=record("unet", unet, dict(unet.config)),
        vae=record("vae", vae, dict(vae.config)),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    (GOLDENS / "scheduler.json").write_text(json.dumps(dict(scheduler.config)) + "\n")
    noise = torch.randn((1, 4, 16, 16), generator=torch.Generator().manual_seed(1))
    settings = dict(prompt=PROMPT, num_inference_steps=1, guidance_scale=0.0, latents=noise.clone())
    picture = pipeline(**settings).images[0]
    picture.save(GOLDENS / "one_step.png")
    save_file({"noise": channels_last(noise)}, GOLDENS / "noise.safetensors")


if __name__ == "__main__":
    main()
