"""Goldens of tests/training/palp_step.rs: one full PALP step of the demo model by PyTorch.

diffusers' U-Net and transformers' text encoder run the step as the method's pseudo-code has it
(four predictions, Δ, the two-term loss of the equations rather than our shifted target), and
autograd gives the gradients of the LoRA factors and of [V]. LoRA factors and [V] come from an
integer formula that the Rust test repeats; pictures and noise are stored.

    python tools/goldens/palp_step.py            (writes tests/goldens/palp_step.safetensors)
"""

import json
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "demo"
PLACEHOLDER_PROMPT = "a photo of"
CLEAN_PROMPT = "a pencil sketch of a dog at the beach"
RANK = 4
LORA_ALPHA = 2.0
# Kept as goldens: first and last blocks, self- and cross-attention, every kind of projection.
KEPT = [
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k",
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0",
    "mid_block.attentions.0.transformer_blocks.0.attn2.to_v",
    "up_blocks.2.attentions.1.transformer_blocks.0.attn1.to_k",
    "up_blocks.2.attentions.1.transformer_blocks.0.attn2.to_out.0",
]
CASES = {
    # the composition setting: β = 1; the second row's timestep lies outside the gate
    "beta_one": dict(alpha=7.5, beta=1.0, weight=0.3, timesteps=[400, 990], vectors=1),
    # imbalanced guidance with both personalized predictions, two vectors
    "beta_guided": dict(alpha=15.0, beta=7.5, weight=0.1, timesteps=[250, 700], vectors=2),
}
GATE = (20, 980)


def formula(count: int, stream: int, size: float) -> torch.Tensor:
    """The value of entry i of stream s: ((7919·i + 104729·s) mod 2003 − 1001) / 1001 · size."""
    entries = (torch.arange(count, dtype=torch.int64) * 7919 + 104729 * stream) % 2003 - 1001
    return (entries.to(torch.float64) / 1001 * size).to(torch.float32)


class LoraLinear(torch.nn.Module):
    enabled = True

    def __init__(self, base, index):
        super().__init__()
        self.base = base
        self.down = torch.nn.Parameter(formula(RANK * base.in_features, 2 * index, 0.1).view(RANK, -1))
        self.up = torch.nn.Parameter(formula(base.out_features * RANK, 2 * index + 1, 0.1).view(-1, RANK))

    def forward(self, x):
        y = self.base(x)
        if LoraLinear.enabled:
            y = y + (LORA_ALPHA / RANK) * (x @ self.down.T @ self.up.T)
        return y


class SplicedRows(torch.nn.Module):
    """Stands in for the token embedding: hands out the rows it was given."""

    def forward(self, ids):
        return self.rows


def main():
    torch.set_num_threads(1)
    torch.manual_seed(7)
    tokenizer = CLIPTokenizer.from_pretrained(MODEL / "tokenizer")
    text_encoder = CLIPTextModel.from_pretrained(MODEL / "text_encoder", dtype=torch.float32).requires_grad_(False)
    unet = UNet2DConditionModel.from_pretrained(MODEL / "unet", torch_dtype=torch.float32).requires_grad_(False)
    scheduler = json.loads((MODEL / "scheduler" / "scheduler_config.json").read_text())

    betas = torch.linspace(
        scheduler["beta_start"] ** 0.5, scheduler["beta_end"] ** 0.5, scheduler["num_train_timesteps"]
    ) ** 2
    alphas_cumprod = torch.cumprod(1 - betas, 0)

    names = [n for n, m in unet.named_modules() if n.endswith((".to_q", ".to_k", ".to_v", ".to_out.0"))]
    lora = {}
    for index, name in enumerate(sorted(names)):
        lora[name] = LoraLinear(unet.get_submodule(name), index)
        parent, _, child = name.rpartition(".")
        setattr(unet.get_submodule(parent), child, lora[name])

    embeddings = getattr(text_encoder, "text_model", text_encoder).embeddings
    table = embeddings.token_embedding.weight.detach()
    rows = SplicedRows()
    embeddings.token_embedding = rows

    def encode(ids=None, embedded=None):
        rows.rows = table[ids][None] if embedded is None else embedded[None]
        return text_encoder(torch.zeros(1, 77, dtype=torch.long)).last_hidden_state

    def ids_of(prompt):
        return torch.tensor(tokenizer(prompt, padding="max_length", max_length=77, truncation=True).input_ids)

    clean, empty = encode(ids_of(CLEAN_PROMPT)), encode(ids_of(""))
    x = torch.randn(2, 4, 16, 16)
    noise = torch.randn(2, 4, 16, 16)
    stored = {
        "x": x.permute(0, 2, 3, 1).contiguous(),
        "noise": noise.permute(0, 2, 3, 1).contiguous(),
    }

    for case, settings in CASES.items():
        vectors, weight = settings["vectors"], settings["weight"]
        v = torch.nn.Parameter(formula(vectors * table.shape[1], 1_000, 0.05).view(vectors, -1))
        timesteps = torch.tensor(settings["timesteps"])
        a = alphas_cumprod[timesteps].sqrt().view(-1, 1, 1, 1)
        s = (1 - alphas_cumprod[timesteps]).sqrt().view(-1, 1, 1, 1)
        gate = ((timesteps >= GATE[0]) & (timesteps <= GATE[1])).float().view(-1, 1, 1, 1)

        plain = ids_of(PLACEHOLDER_PROMPT)
        words = 1 + len(PLACEHOLDER_PROMPT.split())  # start of text and the words before [V]
        personal = encode(embedded=torch.cat([table[plain[:words]], v, table[plain[words : 77 - vectors]]]))

        def predict(sample, context, enabled):
            LoraLinear.enabled = enabled
            return unet(sample, timesteps, context.expand(2, -1, -1)).sample

        x_t = a * x + s * noise
        prediction = predict(x_t, personal, True)
        with torch.no_grad():
            estimate = (x_t - s * prediction) / a
            renoised = a * estimate + s * noise
            unconditional, conditional = predict(renoised, empty, False), predict(renoised, clean, False)
            target = unconditional + settings["alpha"] * (conditional - unconditional)
            unconditional, conditional = predict(renoised, empty, True), predict(renoised, personal, True)
            source = unconditional + settings["beta"] * (conditional - unconditional)
            delta = gate * (target - source)
        personalization = ((prediction - noise) ** 2).mean()
        loss = personalization - weight * (delta * prediction).mean()
        for parameter in [v, *(p for layer in lora.values() for p in (layer.down, layer.up))]:
            parameter.grad = None
        loss.backward()

        ratio = (weight * delta).norm() / (2 * (prediction - noise)).norm()
        stored[f"{case}.personalization_loss"] = personalization.detach().view(1)
        stored[f"{case}.alignment_ratio"] = ratio.detach().view(1)
        stored[f"{case}.embedding"] = v.grad.clone()
        for name in KEPT:
            stored[f"{case}.{name}.down"] = lora[name].down.grad.clone()
            stored[f"{case}.{name}.up"] = lora[name].up.grad.clone()
        print(case, "personalization", personalization.item(), "ratio", ratio.item(), "dV", v.grad.norm().item())

    save_file(stored, ROOT / "tests" / "goldens" / "palp_step.safetensors")


if __name__ == "__main__":
    main()
