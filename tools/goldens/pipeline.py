"""What diffusers' StableDiffusionPipeline draws with the embedded model, for tests/pipeline.rs.

Run from the repository's root: python tools/goldens/pipeline.py
Writes the first latents (channels-last) and the finished pictures to tests/goldens/pipeline.
"""

from pathlib import Path

import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline
from safetensors.torch import save_file

GOLDENS = Path("tests/goldens/pipeline")
PROMPT = "a pencil sketch of a dog wearing a crown at the beach"
NEGATIVE_PROMPT = "a photo of a cat"


def main():
    torch.set_num_threads(1)
    GOLDENS.mkdir(parents=True, exist_ok=True)
    pipeline = StableDiffusionPipeline.from_pretrained("models/demo", torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    save_file({"noise": noise.permute(0, 2, 3, 1).contiguous()}, GOLDENS / "noise.safetensors")
    for name, scheduler in [("ddim", DDIMScheduler), ("euler", EulerDiscreteScheduler)]:
        pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
        picture = pipeline(
            PROMPT,
            negative_prompt=NEGATIVE_PROMPT,
            num_inference_steps=20,
            guidance_scale=5.0,
            latents=noise.clone(),
        ).images[0]
        picture.save(GOLDENS / f"{name}.png")


if __name__ == "__main__":
    main()
