"""Goldens of tests/training/methods.rs: the loss of each method and its gradients, by PyTorch.

diffusers' U-Net and transformers' text encoder, both tiny and filled by the formula, run each loss as
its authors' code writes it: term by term, rows apart, masks and weights where they stand there; not as
the one weighted mean that the engine makes of it. Gradients are stored sampled.

Run from the repository's root: python tools/goldens/methods.py
"""

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import formula
from localized_loss import Keeping, layer_loss
from unet import ADAPTED, is_adaptable, sample_of

RANK = 2
KEPT = [
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
    "up_blocks.1.attentions.1.transformer_blocks.0.attn2.to_v",
    "up_blocks.1.attentions.1.transformer_blocks.0.attn2.to_out.0",
]
KEPT_OF_ALL = KEPT + ["conv_in", "down_blocks.0.resnets.0.time_emb_proj", "up_blocks.0.upsamplers.0.conv"]
WORDS = ["<my-dog>", "<my-cat>"]

betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
alphas_cumprod = torch.cumprod(1 - betas, 0)


class TextEncoder:
    """A CLIP text encoder that knows new words by their vectors."""

    def __init__(self):
        config = CLIPTextConfig(
            vocab_size=3555,
            hidden_size=24,
            intermediate_size=48,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=77,
            eos_token_id=3554,
        )
        self.model = CLIPTextModel(config).eval().requires_grad_(False)
        state = {
            name: formula.weight(name.removeprefix("text_model."), tuple(tensor.shape))
            for name, tensor in self.model.state_dict().items()
            if "position_ids" not in name
        }
        self.model.load_state_dict(state, strict=False)
        self.tokenizer = CLIPTokenizer.from_pretrained("models/demo/tokenizer")
        self.tokenizer.add_tokens(WORDS)
        self.table = self.model.get_input_embeddings().weight

    def __call__(self, prompts, vectors):
        """`[prompts, 77, 24]`; the i-th word's vector is vectors[i]."""
        rows = []
        for prompt in prompts:
            ids = self.tokenizer(prompt, padding="max_length", max_length=77, truncation=True).input_ids
            rows.append(
                torch.stack([self.table[i] if i < len(self.table) else vectors[i - len(self.table)] for i in ids])
            )
        given = torch.stack(rows)

        class Given(torch.nn.Module):
            def forward(self, ids):
                return given

        own = self.model.get_input_embeddings()
        self.model.set_input_embeddings(Given())
        states = self.model(torch.zeros(len(prompts), 77, dtype=torch.long)).last_hidden_state
        self.model.set_input_embeddings(own)
        return states


class LoraLinear(torch.nn.Module):
    enabled = True

    def __init__(self, base, name):
        super().__init__()
        self.base = base
        self.down = torch.nn.Parameter(formula.values(f"{name}.down", (RANK, base.in_features)) * 0.2)
        self.up = torch.nn.Parameter(formula.values(f"{name}.up", (base.out_features, RANK)) * 0.2)

    def forward(self, x):
        y = self.base(x)
        return y + x @ self.down.T @ self.up.T if LoraLinear.enabled else y


def unet():
    model = UNet2DConditionModel(**ADAPTED).eval().requires_grad_(False)
    formula.fill(model)
    return model


def with_lora(model):
    layers = {}
    for name, module in list(model.named_modules()):
        if name.endswith((".to_q", ".to_k", ".to_v", ".to_out.0")):
            layers[name] = LoraLinear(module, name)
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, layers[name])
    return layers


def rows(name, count):
    return formula.values(name, (count, 8, 8, 4)).permute(0, 3, 1, 2)


class Noised:
    def __init__(self, name, timesteps):
        self.timesteps = torch.tensor(timesteps)
        alpha = alphas_cumprod[self.timesteps].view(-1, 1, 1, 1)
        self.a, self.s = alpha.sqrt(), (1 - alpha).sqrt()
        self.x, self.noise = rows(f"{name}.latents", len(timesteps)), rows(f"{name}.noise", len(timesteps))
        self.sample = self.a * self.x + self.s * self.noise


def squared(prediction, target):
    return torch.nn.functional.mse_loss(prediction, target, reduction="none")


def main():
    torch.set_num_threads(1)
    encode = TextEncoder()
    stored = {}

    def vectors():
        return torch.nn.Parameter(formula.values("embedding", (2, 24)) * 0.2)

    def keep(case, loss, v, weights):
        loss.backward()
        stored[f"{case}.loss"] = loss.detach().view(1)
        if v.grad is not None:
            stored[f"{case}.embedding"] = v.grad
        for name, parameter in weights.items():
            stored[f"{case}.{name}"] = sample_of(parameter.grad)
        print(case, loss.item())

    # Textual Inversion: two sentences of its list; the word alone.
    model, v = unet(), vectors()
    photos = Noised("photos", [300, 700])
    states = encode(["a photo of a <my-dog>", "a close-up photo of the <my-dog>"], v)
    keep("textual_inversion", squared(model(photos.sample, photos.timesteps, states).sample, photos.noise).mean(), v, {})

    # DreamBooth: all weights; instance and class rows as one batch, then apart (diffusers' train_dreambooth).
    model, v = unet(), vectors().requires_grad_(False)
    prior = Noised("prior", [20, 500])
    weights = {n: p for n, p in model.named_parameters() if is_adaptable(n)}
    for parameter in weights.values():
        parameter.requires_grad_(True)
    states = encode(["photo of a <my-dog> dog"] * 2 + ["a photo of a dog"] * 2, v)
    output = model(
        torch.cat([photos.sample, prior.sample]), torch.cat([photos.timesteps, prior.timesteps]), states
    ).sample
    instance, kept = output.chunk(2)
    loss = squared(instance, photos.noise).mean() + 0.5 * squared(kept, prior.noise).mean()
    chosen = {n: weights[n] for n in (f"{name}.weight" for name in KEPT_OF_ALL)}
    keep("dreambooth", loss, v, {**chosen, "conv_in.bias": weights["conv_in.bias"]})

    # DreamBooth-LoRA with min-SNR: the weights as diffusers' train_text_to_image_lora computes them.
    model, v = unet(), vectors().requires_grad_(False)
    lora = with_lora(model)
    early = Noised("photos", [50, 700])
    snr = (alphas_cumprod / (1 - alphas_cumprod))[early.timesteps]
    weights = torch.stack([snr, 5 * torch.ones_like(snr)], dim=1).min(dim=1)[0] / snr
    states = encode(["photo of a <my-dog> dog"] * 2, v)
    error = squared(model(early.sample, early.timesteps, states).sample, early.noise)
    loss = (error.mean(dim=(1, 2, 3)) * weights).mean()
    keep("dreambooth_lora", loss, v, {f"{n}.{p}": getattr(lora[n], p) for n in KEPT for p in ("down", "up")})

    # Custom Diffusion: keys and values and the word; valid masks (mean over the channels too), prior.
    model, v = unet(), vectors()
    weights = {n: p for n, p in model.named_parameters() if n.endswith(("attn2.to_k.weight", "attn2.to_v.weight"))}
    for parameter in weights.values():
        parameter.requires_grad_(True)
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, :, 2:5, 1:7], mask[1] = 1, 1
    states = encode(["very small photo of a <my-dog> dog", "photo of a <my-dog> dog"] + ["a photo of a dog"] * 2, v)
    output = model(
        torch.cat([photos.sample, prior.sample]), torch.cat([photos.timesteps, prior.timesteps]), states
    ).sample
    instance, kept = output.chunk(2)
    error = squared(instance, photos.noise).mean(dim=1, keepdim=True)
    loss = ((error * mask).sum([1, 2, 3]) / mask.sum([1, 2, 3])).mean() + squared(kept, prior.noise).mean()
    keep("custom_diffusion", loss, v, {n: p for n, p in weights.items() if n.removesuffix(".weight") in KEPT})

    # PALP on two subjects with masks, min-SNR and a prior: alignment is weighed by none of them.
    model, v = unet(), vectors()
    lora = with_lora(model)
    states = encode(["a photo of <my-dog>", "an oil painting of <my-cat>"] + ["a photo of a dog"] * 2, v)
    output = model(
        torch.cat([early.sample, prior.sample]), torch.cat([early.timesteps, prior.timesteps]), states
    ).sample
    prediction, kept = output.chunk(2)
    with torch.no_grad():
        estimate = (early.sample - early.s * prediction) / early.a
        renoised = early.a * estimate + early.s * early.noise
        LoraLinear.enabled = False
        fixed = encode(["", "a pencil sketch of a dog and a cat"], v)
        empty, clean = (fixed[i : i + 1].expand(2, -1, -1) for i in range(2))
        unconditional = model(renoised, early.timesteps, empty).sample
        target = unconditional + 7.5 * (model(renoised, early.timesteps, clean).sample - unconditional)
        LoraLinear.enabled = True
        unconditional = model(renoised, early.timesteps, empty).sample
        source = unconditional + 3 * (model(renoised, early.timesteps, states[:2]).sample - unconditional)
        delta = target - source
    subject = (torch.arange(64).view(1, 1, 8, 8) % 3 == 0).float().expand(2, -1, -1, -1)
    masked = 0.75
    snr = (alphas_cumprod / (1 - alphas_cumprod))[early.timesteps]
    weights = torch.minimum(snr, torch.tensor(5.0)) / snr
    error = squared(prediction, early.noise)
    error = (1 - masked) * error + masked * error * subject
    personalization = (error.mean(dim=(1, 2, 3)) * weights).mean()
    personalization = personalization + 0.5 * squared(kept, prior.noise).mean()
    stored["palp.personalization_loss"] = personalization.detach().view(1)
    loss = personalization - 0.3 * (delta * prediction).mean()
    keep("palp", loss, v, {f"{n}.{p}": getattr(lora[n], p) for n in KEPT for p in ("down", "up")})

    # TI + DreamBooth-LoRA with FastComposer's loss for the photos' words, beside a prior that it leaves alone.
    # Of the tiny model's three blocks with cross-attention the middle one counts.
    model, v = unet(), vectors()
    lora = with_lora(model)
    kept_scores = []
    model.mid_block.attentions[0].transformer_blocks[0].attn2.set_processor(Keeping(kept_scores))
    prompts = ["a photo of <my-dog>", "an oil painting of <my-cat>"] + ["a photo of a dog"] * 2
    states = encode(prompts, v)
    output = model(
        torch.cat([photos.sample, prior.sample]), torch.cat([photos.timesteps, prior.timesteps]), states
    ).sample
    instance, kept = output.chunk(2)
    masks = torch.zeros(2, 1, 8, 8)
    masks[0, :, 2:5, 1:7], masks[1, :, 4:, :3] = 1, 1
    positions = [[encode.tokenizer(p).input_ids.index(len(encode.table) + i)] for i, p in enumerate(prompts[:2])]
    (scores,) = kept_scores
    localized = layer_loss(scores[: scores.shape[0] // 2], masks, positions, [(4, 4)])
    stored["localized.localized_loss"] = localized.detach().view(1)
    stored["localized.personalization_loss"] = (
        squared(instance, photos.noise).mean() + 0.5 * squared(kept, prior.noise).mean()
    ).detach().view(1)
    loss = squared(instance, photos.noise).mean() + 0.5 * squared(kept, prior.noise).mean() + 5 * localized
    keep("localized", loss, v, {f"{n}.{p}": getattr(lora[n], p) for n in KEPT for p in ("down", "up")})

    save_file(stored, "tests/goldens/methods.safetensors")


if __name__ == "__main__":
    main()
