"""Heat maps of the published `daam` package (castorini/daam) with the embedded model, for
tests/pipeline/heat_maps.rs.

    pip install --no-deps daam==0.2.0
    python tools/goldens/daam_maps.py            (writes tests/goldens/pipeline/heat_maps.safetensors)

The package's hooks, accumulation, upscaling and word lookup run as they are published. Three things are
set from outside:
- spacy and matplotlib, which it imports for parsing sentences and for plots, are stand-ins;
- the latents' size, which it knows for 512 and 768 pixels only, is this model's;
- with no guidance there is no unconditional half to drop: there all rows are kept (the package would drop
  half of the heads).
It lays maps out as squares, so wide pictures are not among the goldens.
"""

import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from safetensors.torch import load_file, save_file


def stand_in(name, **attributes):
    module = types.ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    module.__dict__.update(attributes)
    sys.modules[name] = module
    return module


stand_in("spacy", tokens=stand_in("spacy.tokens", Token=object))
stand_in("matplotlib", pyplot=stand_in("matplotlib.pyplot", Axes=object))

from daam import trace  # noqa: E402

GOLDENS = Path("tests/goldens/pipeline")
STEPS = 4
CASES = {
    # a word that is there twice, and several words as one
    "guided": dict(
        prompt="a pencil sketch of a dog and a dog wearing a crown at the beach",
        words=["dog", "crown", "pencil sketch", "beach"],
        guidance_scale=5.0,
    ),
    # a word of several tokens
    "unguided": dict(
        prompt="a photo of a cat in a wizardry forest", words=["cat", "wizardry"], guidance_scale=1.0
    ),
}


def main():
    torch.set_num_threads(1)
    pipeline = StableDiffusionPipeline.from_pretrained("models/demo", torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    noise = load_file(GOLDENS / "noise.safetensors")["noise"].permute(0, 3, 1, 2).contiguous()
    stored = {}
    for case, settings in CASES.items():
        tracer = trace(pipeline)
        tracer.latent_hw = noise.shape[2] * noise.shape[3]
        for hooker in tracer.module:
            hooker.latent_hw = tracer.latent_hw
            if settings["guidance_scale"] == 1.0 and hasattr(hooker, "_unravel_attn"):
                keep_all = hooker._unravel_attn
                # Twice the rows, of which the package drops the first half.
                hooker._unravel_attn = lambda x, keep_all=keep_all: keep_all(torch.cat([x, x]))
        with torch.no_grad(), tracer:
            pipeline(
                settings["prompt"],
                num_inference_steps=STEPS,
                guidance_scale=settings["guidance_scale"],
                latents=noise.clone(),
            )
            maps = tracer.compute_global_heat_map()
        print(case, pipeline.tokenizer.tokenize(settings["prompt"]), tracer.layer_names)
        for word in settings["words"]:
            stored[f"{case}.{word}"] = maps.compute_word_heat_map(word).value.contiguous()
            print(word, stored[f"{case}.{word}"].shape, stored[f"{case}.{word}"].mean().item())
    save_file(stored, GOLDENS / "heat_maps.safetensors")


if __name__ == "__main__":
    main()
