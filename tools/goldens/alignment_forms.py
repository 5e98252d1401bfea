"""Goldens of tests/training/alignment_forms.rs: each form of prompt alignment and its gradients, by PyTorch.

diffusers' U-Net and transformers' text encoder, both tiny and filled by the formula. Every case is the
paper's two-term loss, term by term (arXiv:2401.06105, Eq. 1 and 6 with 7): the picture's estimate is made
by Eq. 2 and noised again, the alignment term is −λ_t·mean(Δ ⊙ ε̂), with none of the engine's shortcuts
(the shifted target, x_t + s_t(ε' − ε̂)). Gradients are stored sampled.

Run from the repository's root: python tools/goldens/alignment_forms.py
"""

import torch
from safetensors.torch import save_file

import formula
from methods import LoraLinear, Noised, TextEncoder, alphas_cumprod, rows, squared, unet, with_lora
from unet import sample_of

TIMESTEPS = [150, 700]
LAMBDA = 0.3
GATE = (20, 980)
PROMPTS = ["a photo of <my-dog>", "a photo of <my-dog>"]
CLEAN = ["a pencil sketch of a dog", "a dog at the beach"]
KEPT = [
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
    "up_blocks.1.attentions.1.transformer_blocks.0.attn1.to_q",
]
# What each case changes.
CASES = {
    "two_branches": {},
    "guided": {"beta": 3.0},
    "sds": {"form": "sds"},
    "sds_with_fresh_noise": {"form": "sds", "noises": ["fresh.0"]},
    "fresh_noise": {"noises": ["fresh.0"]},
    "several_noises": {"noises": [None, "fresh.0", "fresh.1"]},
    "without_rescale": {"rescale": False},
    "fast": {"fast": True},
    "fast_guided": {"fast": True, "beta": 3.0},
    "by_timestep": {"profile": (0.2, 1.7)},
    "gated": {"timesteps": [150, 990]},
    "min_snr": {"timesteps": [50, 700], "gamma": 5.0},
    "second_prompt": {"clean": 1},
    "v_prediction": {"predicts_v": True, "beta": 3.0},
}


def loss_of(model, encode, v, beta=1.0, form="two_branches", noises=(None,), rescale=True, fast=False,
            profile=(1.0, 1.0), timesteps=TIMESTEPS, gamma=None, clean=0, predicts_v=False):
    """The personalization loss and the whole one."""
    photos = Noised("photos", timesteps)
    a, s, t = photos.a, photos.s, photos.timesteps
    personal = encode(PROMPTS, v)
    with torch.no_grad():
        fixed = encode(["", CLEAN[clean]], v)
        empty, target_prompt = (fixed[i : i + 1].expand(2, -1, -1) for i in range(2))

    def noise_prediction(sample, states, enabled):
        LoraLinear.enabled = enabled
        output = model(sample, t, states).sample
        LoraLinear.enabled = True
        return a * output + s * sample if predicts_v else output

    def guided(sample, states, scale, enabled):
        unconditional = noise_prediction(sample, empty, enabled)
        return (1 - scale) * unconditional + scale * noise_prediction(sample, states, enabled)

    output = model(photos.sample, t, personal).sample
    prediction = a * output + s * photos.sample if predicts_v else output
    with torch.no_grad():
        deltas = []
        for name in noises:
            noise = photos.noise if name is None else rows(name, 2)
            estimate = (photos.sample - s * prediction) / a
            sample = photos.sample if fast else a * estimate + s * noise
            frozen = guided(sample, target_prompt, 7.5, False)
            if form == "sds":
                compared = noise
            elif fast:
                unconditional = noise_prediction(sample, empty, True)
                compared = (1 - beta) * unconditional + beta * prediction
            else:
                compared = guided(sample, personal, beta, True)
            deltas.append(frozen - compared)
        delta = torch.stack(deltas).mean(dim=0)
        lowest, highest = profile
        weight = LAMBDA * (lowest + (highest - lowest) * t / (len(alphas_cumprod) - 1)).view(-1, 1, 1, 1)
        weight = weight * ((t >= GATE[0]) & (t <= GATE[1])).view(-1, 1, 1, 1)
        # Eq. 7's factor, which the paper's rescaling takes away.
        weight = weight if rescale else weight * s / a
    wanted = a * photos.noise - s * photos.x if predicts_v else photos.noise
    error = squared(output, wanted).mean(dim=(1, 2, 3))
    if gamma is not None:
        snr = (alphas_cumprod / (1 - alphas_cumprod))[t]
        error = error * torch.minimum(snr, torch.full_like(snr, gamma)) / snr
    return error.mean(), error.mean() - (weight * delta * prediction).mean()


def main():
    torch.set_num_threads(1)
    encode = TextEncoder()
    stored = {}
    for case, changes in CASES.items():
        model, v = unet(), torch.nn.Parameter(formula.values("embedding", (2, 24)) * 0.2)
        lora = with_lora(model)
        personalization, loss = loss_of(model, encode, v, **changes)
        loss.backward()
        stored[f"{case}.personalization_loss"] = personalization.detach().view(1)
        stored[f"{case}.embedding"] = v.grad
        for name in KEPT:
            for part in ("down", "up"):
                stored[f"{case}.{name}.{part}"] = sample_of(getattr(lora[name], part).grad)
        print(case, personalization.item(), loss.item(), v.grad.norm().item())
    save_file(stored, "tests/goldens/alignment_forms.safetensors")


if __name__ == "__main__":
    main()
