"""Goldens of the noise schedule and the samplers, by diffusers.

    python tools/goldens/schedulers.py

Writes to tests/goldens:
* schedulers.safetensors: the table of cumulative alphas; for each case `KIND.SPACING.PREDICTION.STEPS`
  of DDIM and Euler its timesteps, the latents before the first step and after each one;
* samplers.safetensors: the same for the other samplers, and cases `KIND.sigma_min.STEPS` (another last
  sigma) and `KIND.late.STEPS` (image to image: the last steps, from a picture with noise);
* schedulers.json: run lengths' timesteps as checksums, starting sigmas, and noise values of an
  independent Philox implementation.

The samplers are driven by a formula instead of a U-Net, see `model_output`. Fresh noise is read from
`step_noise`, a tensor for each call of the model.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSDEScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)
from diffusers.schedulers import (
    scheduling_dpmsolver_multistep,
    scheduling_euler_ancestral_discrete,
    scheduling_lcm,
)
from safetensors.torch import save_file

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "goldens"
STABLE_DIFFUSION = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    steps_offset=1,
)
# The names of our samplers, diffusers' class for each, and what it is told beside the model's config.
FIRST = {
    "ddim": (DDIMScheduler, dict(set_alpha_to_one=False, clip_sample=False)),
    "euler": (EulerDiscreteScheduler, {}),
}
KARRAS = dict(use_karras_sigmas=True)
SDE = dict(algorithm_type="sde-dpmsolver++")
OTHERS = {
    "pndm": (PNDMScheduler, dict(skip_prk_steps=True)),
    "euler-a": (EulerAncestralDiscreteScheduler, {}),
    "dpm++-2m": (DPMSolverMultistepScheduler, {}),
    "dpm++-2m-karras": (DPMSolverMultistepScheduler, KARRAS),
    "dpm++-2m-sde": (DPMSolverMultistepScheduler, SDE),
    "dpm++-2m-sde-karras": (DPMSolverMultistepScheduler, KARRAS | SDE),
    "dpm++-sde": (DPMSolverSDEScheduler, {}),
    "dpm++-sde-karras": (DPMSolverSDEScheduler, KARRAS),
    "unipc": (UniPCMultistepScheduler, {}),
    "lcm": (LCMScheduler, dict(set_alpha_to_one=False)),
    "turbo": (EulerAncestralDiscreteScheduler, dict(timestep_spacing="trailing")),
}
CLASSES = FIRST | OTHERS
SPACINGS = ["leading", "trailing", "linspace"]
PREDICTIONS = ["epsilon", "v_prediction"]
SHAPE = (1, 2, 3, 4)
COUNT = math.prod(SHAPE)
NOISE = torch.sin(torch.arange(COUNT, dtype=torch.float32) * 1.7).reshape(SHAPE)
PATTERN = torch.cos(torch.arange(COUNT, dtype=torch.float32) * 0.9).reshape(SHAPE)
PICTURE = torch.sin(torch.arange(COUNT, dtype=torch.float32) * 0.3).reshape(SHAPE)
# Enough calls for 20 steps of two calls each.
STEP_NOISE = torch.sin(torch.arange(40 * COUNT, dtype=torch.float32) * 2.3).reshape(40, *SHAPE)


def scheduler(kind, spacing, prediction, **more):
    cls, own = CLASSES[kind]
    config = dict(STABLE_DIFFUSION, timestep_spacing=spacing, prediction_type=prediction)
    return cls(**(config | own | more))


def model_output(scaled_latents, timestep):
    return 0.4 * scaled_latents + (0.5 + float(timestep) / 2000.0) * PATTERN


class RecordedBrownianPath:
    """In the place of diffusers' Brownian tree: the increments that our two noises a step make."""

    def __init__(self, current_call):
        self.current_call = current_call
        self.middle = None

    def __call__(self, sigma, sigma_next):
        noise = STEP_NOISE[self.current_call()]
        if self.middle is None:
            self.middle = sigma_next
            return noise
        middle, self.middle = self.middle, None
        before = STEP_NOISE[self.current_call() - 1]
        increment = (sigma - middle).sqrt() * before + (middle - sigma_next).sqrt() * noise
        return increment / (sigma - sigma_next).sqrt()


def drive(sampler, steps, begin=0):
    """Timesteps, and the latents before the first step and after each one."""
    sampler.set_timesteps(steps)
    call = 0
    recorded = lambda *_, **__: STEP_NOISE[call]
    for module in [scheduling_euler_ancestral_discrete, scheduling_dpmsolver_multistep, scheduling_lcm]:
        module.randn_tensor = recorded
    sampler.noise_sampler = RecordedBrownianPath(lambda: call)
    timesteps = sampler.timesteps[begin * sampler.order :]
    if begin and hasattr(sampler, "set_begin_index"):
        sampler.set_begin_index(begin * sampler.order)
    latents = sampler.add_noise(PICTURE, NOISE, timesteps[:1]) if begin else NOISE * sampler.init_noise_sigma
    visited = [latents]
    for call, timestep in enumerate(timesteps):
        scaled = sampler.scale_model_input(latents, timestep)
        latents = sampler.step(model_output(scaled, timestep), timestep, latents).prev_sample
        visited.append(latents.float())
    return timesteps.to(torch.float32), torch.stack(visited)


def record(tensors, sigmas, case, sampler, steps, begin=0):
    tensors[f"{case}.timesteps"], tensors[f"{case}.latents"] = drive(sampler, steps, begin)
    sigmas[case] = float(sampler.init_noise_sigma)


def first_trajectories(tensors, sigmas):
    tensors["noise"], tensors["pattern"] = NOISE, PATTERN
    for kind in FIRST:
        for spacing in SPACINGS:
            for prediction in PREDICTIONS:
                for steps in [1, 4, 20, 50]:
                    case = f"{kind}.{spacing}.{prediction}.{steps}"
                    record(tensors, sigmas, case, scheduler(kind, spacing, prediction), steps)


def other_trajectories(tensors, sigmas):
    tensors["step_noise"], tensors["picture"] = STEP_NOISE, PICTURE
    for kind in OTHERS:
        spacings = ["leading"] if kind in ["lcm", "turbo"] else SPACINGS
        for spacing in spacings:
            for prediction in PREDICTIONS:
                for steps in [1, 4, 20]:
                    case = f"{kind}.{spacing}.{prediction}.{steps}"
                    record(tensors, sigmas, case, scheduler(kind, spacing, prediction), steps)
    for kind in CLASSES:
        record(tensors, sigmas, f"{kind}.late.10", scheduler(kind, "leading", "epsilon"), 10, begin=4)
    for kind in ["euler", "dpm++-2m", "dpm++-2m-sde-karras", "unipc"]:
        sampler = scheduler(kind, "linspace", "epsilon", final_sigmas_type="sigma_min")
        record(tensors, sigmas, f"{kind}.sigma_min.20", sampler, 20)


def checksums():
    """Sum of (i + 1) * timestep_i by run length: every one for DDIM and Euler, some for the others. Two
    differences to diffusers, both where it fails: leading with 1000 steps reads past its table (clamped
    here), and trailing sometimes appends a timestep of -1 because of a rounding error in numpy's arange
    (cut off here)."""
    out = {}
    for kind in CLASSES:
        lengths = range(1, 1001) if kind in FIRST else [1, 2, 3, 5, 7, 12, 13, 22, 30, 33, 45, 49, 64, 99, 150, 333]
        for spacing in SPACINGS:
            sums = {}
            for steps in lengths:
                if kind == "lcm" and steps > 50:
                    continue
                sampler = scheduler(kind, spacing, "epsilon")
                if kind == "turbo":
                    sampler = scheduler(kind, "trailing", "epsilon")
                sampler.set_timesteps(steps)
                timesteps = sampler.timesteps.double().clamp(max=999.0)
                if kind in FIRST:
                    timesteps = timesteps[:steps]
                assert timesteps.min() >= 0
                sums[steps] = float((timesteps * torch.arange(1, len(timesteps) + 1)).sum())
            out[f"{kind}.{spacing}"] = list(sums.values()) if kind in FIRST else sums
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
    tensors, others, sigmas = {}, {}, {}
    tensors["scaled_linear.alphas_cumprod"] = DDIMScheduler(**STABLE_DIFFUSION).alphas_cumprod
    tensors["linear.alphas_cumprod"] = DDIMScheduler().alphas_cumprod
    first_trajectories(tensors, sigmas)
    other_trajectories(others, sigmas)
    for name, file in [("schedulers", tensors), ("samplers", others)]:
        contiguous = {key: tensor.contiguous() for key, tensor in file.items()}
        save_file(contiguous, FOLDER / f"{name}.safetensors")
    noise = [
        {"seed": seed, "stream": stream, "values": normal(seed, stream, 10)}
        for seed, stream in [(0, 0), (42, 0), (42, 1), (2**64 - 1, 2**63 + 5)]
    ]
    golden = {"init_noise_sigma": sigmas, "timestep_checksums": checksums(), "noise": noise}
    (FOLDER / "schedulers.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
