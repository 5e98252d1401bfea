"""What diffusers' Stable Diffusion pipelines draw with the embedded model, for tests/pipeline/.

Run from the repository's root: python tools/goldens/pipeline.py
Writes noise (channels-last) and the finished pictures to tests/goldens/pipeline.
"""

from pathlib import Path

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
)
from PIL import Image, ImageDraw
from safetensors.torch import save_file

import prompts

GOLDENS = Path("tests/goldens/pipeline")
PROMPT = "a pencil sketch of a dog wearing a crown at the beach"
NEGATIVE_PROMPT = "a photo of a cat"
SETTINGS = dict(num_inference_steps=20, guidance_scale=5.0)
PROMPTS = dict(prompt=PROMPT, negative_prompt=NEGATIVE_PROMPT)
# Two chunks; the negative prompt has one.
WEIGHTED_PROMPT = "a (pencil sketch:1.3) of a [dog] wearing a crown BREAK at the ((beach))"
SHAPE = (1, 4, 16, 16)
SEED = 1


def save_noise(name, **tensors):
    channels_last = {key: tensor.permute(0, 2, 3, 1).contiguous() for key, tensor in tensors.items()}
    save_file(channels_last, GOLDENS / f"{name}.safetensors")


def from_nothing(pipeline):
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(SEED))
    save_noise("noise", noise=noise)
    for name, scheduler in [("ddim", DDIMScheduler), ("euler", EulerDiscreteScheduler)]:
        pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
        picture = pipeline(**PROMPTS, **SETTINGS, latents=noise.clone()).images[0]
        picture.save(GOLDENS / f"{name}.png")


@torch.no_grad()
def weighted(pipeline):
    tokenizer, encoder = prompts.load()
    embedded = []
    for prompt in [WEIGHTED_PROMPT, NEGATIVE_PROMPT]:
        chunks = prompts.chunks(tokenizer, prompts.read(prompt))
        empty = prompts.chunks(tokenizer, prompts.read(""))
        embedded.append(prompts.weighted_states(encoder, (chunks + empty)[:2]))
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(SEED))
    picture = pipeline(prompt_embeds=embedded[0], negative_prompt_embeds=embedded[1], **SETTINGS, latents=noise)
    picture.images[0].save(GOLDENS / "weighted.png")


def from_picture(pipeline):
    """From the picture that DDIM drew from nothing. The pipelines draw their noise in this order."""
    source = Image.open(GOLDENS / "ddim.png").convert("RGB")
    generator = torch.Generator().manual_seed(SEED)
    encoded, first = torch.randn(SHAPE, generator=generator), torch.randn(SHAPE, generator=generator)
    save_noise("source_noise", encoded_picture=encoded, first_latents=first)
    mask = Image.new("L", source.size, 0)
    ImageDraw.Draw(mask).rectangle([32, 48, 95, 127], fill=255)
    components = dict(pipeline.components, scheduler=DDIMScheduler.from_config(pipeline.scheduler.config))
    image_to_image = StableDiffusionImg2ImgPipeline(**components, requires_safety_checker=False)
    inpaint = StableDiffusionInpaintPipeline(**components, requires_safety_checker=False)
    karras = dict(use_karras_sigmas=True)
    for name, pipeline, scheduler, config, more in [
        ("image_to_image_ddim", image_to_image, DDIMScheduler, {}, dict(strength=0.6)),
        ("image_to_image_dpm", image_to_image, DPMSolverMultistepScheduler, karras, dict(strength=0.75)),
        ("inpaint_ddim", inpaint, DDIMScheduler, {}, dict(strength=0.7, mask_image=mask)),
        ("inpaint_euler", inpaint, EulerDiscreteScheduler, {}, dict(strength=1.0, mask_image=mask)),
    ]:
        pipeline.set_progress_bar_config(disable=True)
        pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **config)
        generator = torch.Generator().manual_seed(SEED)
        picture = pipeline(**PROMPTS, **SETTINGS, image=source, generator=generator, **more).images[0]
        picture.save(GOLDENS / f"{name}.png")


def main():
    torch.set_num_threads(1)
    GOLDENS.mkdir(parents=True, exist_ok=True)
    pipeline = StableDiffusionPipeline.from_pretrained("models/demo", torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    from_nothing(pipeline)
    weighted(pipeline)
    from_picture(pipeline)


if __name__ == "__main__":
    main()
