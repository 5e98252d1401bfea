"""Goldens of the noise schedule and the samplers, by diffusers.

    python tools/goldens/schedulers.py

Writes tests/goldens/schedulers.safetensors (the table of cumulative alphas; for each case
`KIND.SPACING.PREDICTION.STEPS` its timesteps, the latents before the first step and after each one)
and tests/goldens/schedulers.json (every run length's timesteps as a checksum, starting sigmas, and
noise values of an independent Philox implementation).

The samplers are driven by a formula instead of a U-Net, see `model_output`.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler
from safetensors.torch import save_file

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "goldens"
STABLE_DIFFUSION = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    steps_offset=1,
)
CLASSES = {"ddim": DDIMScheduler, "euler": EulerDiscreteScheduler}
SHAPE = (1, 2, 3, 4)


def scheduler(kind, spacing, prediction):
    config = dict(STABLE_DIFFUSION, timestep_spacing=spacing, prediction_type=prediction)
    if kind == "ddim":
        config |= dict(set_alpha_to_one=False, clip_sample=False)
    return CLASSES[kind](**config)


def model_output(scaled_latents, timestep, pattern):
    return 0.4 * scaled_latents + (0.5 + float(timestep) / 2000.0) * pattern


def trajectories(tensors, sigmas):
    count = math.prod(SHAPE)
    noise = torch.sin(torch.arange(count, dtype=torch.float32) * 1.7).reshape(SHAPE)
    pattern = torch.cos(torch.arange(count, dtype=torch.float32) * 0.9).reshape(SHAPE)
    tensors["noise"], tensors["pattern"] = noise, pattern
    for kind in CLASSES:
        for spacing in ["leading", "trailing", "linspace"]:
            for prediction in ["epsilon", "v_prediction"]:
                for steps in [1, 4, 20, 50]:
                    sampler = scheduler(kind, spacing, prediction)
                    sampler.set_timesteps(steps)
                    latents = noise * sampler.init_noise_sigma
                    visited = [latents]
                    for timestep in sampler.timesteps:
                        scaled = sampler.scale_model_input(latents, timestep)
                        output = model_output(scaled, timestep, pattern)
                        latents = sampler.step(output, timestep, latents).prev_sample
                        visited.append(latents)
                    case = f"{kind}.{spacing}.{prediction}.{steps}"
                    tensors[f"{case}.timesteps"] = sampler.timesteps.to(torch.float32)
                    tensors[f"{case}.latents"] = torch.stack(visited)
                    if kind == "euler":
                        tensors[f"{case}.sigmas"] = sampler.sigmas
                        sigmas[case] = float(sampler.init_noise_sigma)


def checksums():
    """Sum of (i + 1) * timestep_i for every run length. Two differences to diffusers, both where it
    fails: leading with 1000 steps reads past its table (clamped here), and trailing sometimes
    appends a timestep of -1 because of a rounding error in numpy's arange (cut off here)."""
    out = {}
    for kind in CLASSES:
        for spacing in ["leading", "trailing", "linspace"]:
            sums = []
            for steps in range(1, 1001):
                sampler = scheduler(kind, spacing, "epsilon")
                sampler.set_timesteps(steps)
                timesteps = sampler.timesteps.double().clamp(max=999.0)[:steps]
                sums.append(float((timesteps * torch.arange(1, steps + 1)).sum()))
            out[f"{kind}.{spacing}"] = sums
    return out


def philox4x32(counter, key):
    counter, key = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (second >> 32) ^ counter[1] ^ key[0],
            second & 0xFFFFFFFF,
            (first >> 32) ^ counter[3] ^ key[1],
            first & 0xFFFFFFFF,
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


def normal(seed, stream, count):
    split = lambda value: (value & 0xFFFFFFFF, value >> 32)
    values = []
    for block in range((count + 3) // 4):
        a, b, c, d = philox4x32([*split(block), *split(stream)], split(seed))
        for first, second in [(a, b), (c, d)]:
            radius = math.sqrt(-2.0 * math.log((first + 1) / 2**32))
            angle = 2.0 * math.pi * (second / 2**32)
            values += [radius * math.cos(angle), radius * math.sin(angle)]
    return [float(np.float32(value)) for value in values[:count]]


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    tensors, sigmas = {}, {}
    tensors["scaled_linear.alphas_cumprod"] = DDIMScheduler(**STABLE_DIFFUSION).alphas_cumprod
    tensors["linear.alphas_cumprod"] = DDIMScheduler().alphas_cumprod
    trajectories(tensors, sigmas)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, FOLDER / "schedulers.safetensors")
    noise = [
        {"seed": seed, "stream": stream, "values": normal(seed, stream, 10)}
        for seed, stream in [(0, 0), (42, 0), (42, 1), (2**64 - 1, 2**63 + 5)]
    ]
    golden = {"init_noise_sigma": sigmas, "timestep_checksums": checksums(), "noise": noise}
    (FOLDER / "schedulers.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
