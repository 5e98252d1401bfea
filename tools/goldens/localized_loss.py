"""FastComposer's localized cross-attention loss and its gradient by PyTorch, for tests/training/localized.rs.

    python tools/goldens/localized_loss.py       (writes tests/goldens/localized_loss.safetensors)

diffusers' U-Net in Stable Diffusion 1.5's layout, filled by the formula, with attention processors that
keep the probabilities of the middle five blocks' cross-attentions; the loss is the authors'
`get_object_localization_loss` with `BalancedL1Loss` (mit-han-lab/fastcomposer), where each token of the
subject is an object. The gradient is that of Σ output ⊙ weights + 0.5·L_loc with respect to the prompt's
encoding.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

import formula

GOLDENS = Path("tests/goldens")
SIZE = (16, 12)
# What the U-Net's levels make of it.
LEVELS = [SIZE, (8, 6), (4, 3), (2, 2)]
TOKENS = 11
# A subject of two tokens, and one of one.
POSITIONS = [[2, 3], [5]]
TIMESTEPS = torch.tensor([801.0, 20.5])
BLOCKS = ["down_blocks.1", "down_blocks.2", "mid_block", "up_blocks.1", "up_blocks.2"]
WEIGHT = 0.5


class Keeping:
    def __init__(self, kept):
        self.kept = kept

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            attn.head_to_batch_dim(layer(x))
            for layer, x in [(attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context)]
        )
        probabilities = attn.get_attention_scores(query, key, attention_mask)
        self.kept.append(probabilities)
        return attn.to_out[0](attn.batch_to_head_dim(torch.bmm(probabilities, value)))


def layer_loss(scores, masks, positions=POSITIONS, levels=LEVELS):
    """`scores` [batch·heads, pixels, tokens], `masks` [batch, objects, height, width]; each row's tokens."""
    pixels = scores.shape[1]
    size = next(size for size in levels if size[0] * size[1] == pixels)
    batch, objects = masks.shape[:2]
    masks = F.interpolate(masks, size=size, mode="bilinear", antialias=True).view(batch, objects, -1)
    heads = scores.shape[0] // batch
    scores = scores.view(batch, heads, pixels, -1)
    index = torch.tensor([(own + own)[:objects] for own in positions])
    present = torch.tensor([[float(i < len(own)) for i in range(objects)] for own in positions])
    picked = torch.gather(scores, 3, index.view(batch, 1, 1, objects).expand(batch, heads, pixels, objects))
    masks = masks.permute(0, 2, 1).unsqueeze(1).expand(batch, heads, pixels, objects)
    background = 1 - masks
    of_background = (picked * background).sum(2) / (background.sum(2) + 1e-5)
    of_object = (picked * masks).sum(2) / (masks.sum(2) + 1e-5)
    loss = (of_background - of_object) * present.view(batch, 1, objects)
    return (loss.sum(2) / (present.sum(1).view(batch, 1) + 1e-5)).mean()


def main():
    torch.set_num_threads(1)
    description = json.loads((GOLDENS / "unet" / "sd15_layout.json").read_text())
    unet = UNet2DConditionModel.from_config(description["config"]).requires_grad_(False)
    formula.fill(unet)
    kept = []
    for name, module in unet.named_modules():
        if name.endswith("attn2") and any(name.startswith(block + ".") for block in BLOCKS):
            module.set_processor(Keeping(kept))
    sample = formula.values("sample", [2, *SIZE, 4]).permute(0, 3, 1, 2)
    context = formula.values("encoder_hidden_states", [2, TOKENS, 48]).requires_grad_()
    # Larger than the latents, as photos' masks are.
    masks = (formula.values("masks", [2, 40, 30]) > 0.5).float()
    output = unet(sample, TIMESTEPS, context).sample
    objects = max(map(len, POSITIONS))
    masks = masks[:, None].expand(-1, objects, -1, -1)
    loss = sum(layer_loss(scores, masks) for scores in kept) / len(kept)
    weights = formula.values("weights", [2, *SIZE, 4]).permute(0, 3, 1, 2)
    ((output * weights).sum() + WEIGHT * loss).backward()
    both = context.grad.clone()
    (alone,) = torch.autograd.grad(
        WEIGHT * sum(layer_loss(scores, masks) for scores in rerun(unet, kept, sample, context)) / len(kept),
        context,
    )
    print("loss", loss.item(), "layers", len(kept), "gradients", both.norm().item(), alone.norm().item())
    save_file(
        {"loss": loss.detach().view(1), "both": both, "alone": alone}, GOLDENS / "localized_loss.safetensors"
    )


def rerun(unet, kept, sample, context):
    count = len(kept)
    unet(sample, TIMESTEPS, context)
    again = kept[count:]
    del kept[count:]
    return again


if __name__ == "__main__":
    main()
