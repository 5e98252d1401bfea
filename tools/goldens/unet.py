"""What diffusers' UNet2DConditionModel answers, for tests/models/unet.rs and unet_lora.rs.

Run from the repository's root: python tools/goldens/unet.py
Each case is one file of tensors in tests/goldens/unet, and for a model filled by the formula a JSON
file with its config and the names and shapes of its weights. Images are stored channels-last.
"""

import json
from pathlib import Path

import torch
from diffusers import LatentConsistencyModelPipeline, UNet2DConditionModel
from peft import LoraConfig
from safetensors.torch import save_file

import formula

GOLDENS = Path("tests/goldens/unet")

# Stable Diffusion 1.5's layout and head counts, a tenth as wide.
SD15_LAYOUT = dict(
    block_out_channels=(32, 64, 96, 96),
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    layers_per_block=2,
    attention_head_dim=8,
    cross_attention_dim=48,
)
# Every list-valued setting differs from level to level; no middle.
LISTS_WITHOUT_MID = dict(
    in_channels=5,
    block_out_channels=(16, 32, 48),
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    mid_block_type=None,
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    layers_per_block=(1, 2, 1),
    transformer_layers_per_block=(1, 2, 1),
    attention_head_dim=(2, 4, 8),
    cross_attention_dim=(24, 24, 24),
    use_linear_projection=True,
    norm_num_groups=8,
    norm_eps=1e-6,
    flip_sin_to_cos=False,
    freq_shift=1,
    time_embedding_dim=40,
)
RESIDUAL_MID = dict(
    block_out_channels=(16, 32),
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    mid_block_type="UNetMidBlock2D",
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    layers_per_block=1,
    attention_head_dim=2,
    cross_attention_dim=24,
    norm_num_groups=8,
)
ADAPTED = dict(
    block_out_channels=(16, 32),
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    layers_per_block=1,
    attention_head_dim=2,
    cross_attention_dim=24,
    norm_num_groups=8,
)

# A latent consistency model is told the guidance scale.
LCM = dict(ADAPTED, time_cond_proj_dim=20)
GUIDANCE_SCALE = 7.5
# BK-SDM's base, small and tiny (arXiv:2305.15798; Segmind's small and tiny are the last two), a tenth as wide.
BK_SDM_BASE = dict(SD15_LAYOUT, layers_per_block=1)
BK_SDM_SMALL = dict(BK_SDM_BASE, mid_block_type=None)
BK_SDM_TINY = dict(
    BK_SDM_SMALL,
    block_out_channels=(32, 64, 96),
    down_block_types=("CrossAttnDownBlock2D",) * 3,
    up_block_types=("CrossAttnUpBlock2D",) * 3,
)


def inputs(model, height, width, tokens):
    """Formula-made sample and text context of two rows, and their timesteps; the second is fractional."""
    context_size = model.config.cross_attention_dim
    context_size = context_size if isinstance(context_size, int) else context_size[0]
    sample = formula.values("sample", (2, height, width, model.config.in_channels))
    context = formula.values("encoder_hidden_states", (2, tokens, context_size))
    return sample.permute(0, 3, 1, 2), torch.tensor([801.0, 20.5]), context


def channels_last(image):
    return image.detach().permute(0, 2, 3, 1).contiguous()


def formula_model(name, settings):
    model = UNet2DConditionModel(**settings).eval()
    shapes = formula.fill(model)
    description = {"config": dict(model.config), "weights": shapes}
    (GOLDENS / f"{name}.json").write_text(json.dumps(description) + "\n")
    return model


def record(name, model, height, width, tokens, timestep_cond=None):
    sample, timesteps, context = inputs(model, height, width, tokens)
    with torch.no_grad():
        output = model(sample, timesteps, context, timestep_cond=timestep_cond).sample
    save_file({"output": channels_last(output)}, GOLDENS / f"{name}.safetensors")


def record_adapted():
    """With a LoRA of rank 2, alpha 3 on all attention projections: output, and the gradients of
    sum(output · direction) to the text context and the factors."""
    model = formula_model("adapted", ADAPTED)
    projections = ["to_q", "to_k", "to_v", "to_out.0"]
    model.add_adapter(LoraConfig(r=2, lora_alpha=3, target_modules=projections))
    factors = {}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name)
        if "lora_" in name:
            path, factor = name.removesuffix(".default.weight").rsplit(".", 1)
            factor = {"lora_A": "down", "lora_B": "up"}[factor]
            parameter.data = formula.weight(f"{path}.{factor}", tuple(parameter.shape))
            factors[f"{path}.{factor}"] = parameter
    sample, timesteps, context = inputs(model, 8, 6, 7)
    context.requires_grad_(True)
    output = model(sample, timesteps, context).sample
    direction = formula.values("direction", tuple(channels_last(output).shape)).permute(0, 3, 1, 2)
    (output * direction).sum().backward()
    tensors = {f"gradient.{name}": factor.grad for name, factor in factors.items()}
    tensors["gradient.encoder_hidden_states"] = context.grad
    tensors["output"] = channels_last(output)
    save_file(tensors, GOLDENS / "adapted.safetensors")


def is_adaptable(name):
    """Whether a parameter belongs to a linear layer or convolution after the time embedding."""
    layer = name.rsplit(".", 2)[-2]
    return "norm" not in layer and not name.startswith("time_embedding")


def sample_of(gradient):
    """Every n-th number, at most 128 of a tensor, and the norm of all of them: a golden of few bytes."""
    flat = gradient.flatten()
    step = max(1, flat.numel() // 128)
    return torch.cat([flat[::step][:128], flat.norm()[None]])


def record_differences():
    """With full differences of the weights: output, and the gradients of sum(output · direction) to the
    text context and, sampled, to the changed weights. Cross-attention's keys and values alone; all."""
    keys_values = ("attn2.to_k.weight", "attn2.to_v.weight")
    tensors = {}
    for case, chosen in [
        ("keys_values", lambda name: name.endswith(keys_values)),
        ("all", is_adaptable),
    ]:
        model = UNet2DConditionModel(**ADAPTED).eval()
        formula.fill(model)
        changed = {}
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(chosen(name))
            if chosen(name):
                # a tenth of the weights' own size
                parameter.data += formula.weight(f"difference.{name}", tuple(parameter.shape)) * 0.1
                changed[name] = parameter
        sample, timesteps, context = inputs(model, 8, 6, 7)
        context.requires_grad_(True)
        output = model(sample, timesteps, context).sample
        direction = formula.values("direction", tuple(channels_last(output).shape)).permute(0, 3, 1, 2)
        (output * direction).sum().backward()
        for name, parameter in changed.items():
            tensors[f"{case}.gradient.{name}"] = sample_of(parameter.grad)
        tensors[f"{case}.gradient.encoder_hidden_states"] = context.grad
        tensors[f"{case}.output"] = channels_last(output)
        print(case, len(changed), "parameters")
    save_file(tensors, GOLDENS / "differences.safetensors")


def main():
    torch.set_num_threads(1)
    GOLDENS.mkdir(parents=True, exist_ok=True)
    demo = UNet2DConditionModel.from_pretrained("models/demo/unet", torch_dtype=torch.float32)
    record("demo", demo, 16, 16, 77)
    record("sd15_layout", formula_model("sd15_layout", SD15_LAYOUT), 16, 12, 11)
    # 13 → 7 → 4 and 10 → 5 → 3: the way up must come back to odd sizes
    record("lists_without_mid", formula_model("lists_without_mid", LISTS_WITHOUT_MID), 13, 10, 7)
    record("residual_mid", formula_model("residual_mid", RESIDUAL_MID), 8, 8, 7)
    record_adapted()
    record_differences()
    # As the pipeline does, which is handed no model for it.
    scale = torch.tensor([GUIDANCE_SCALE - 1] * 2)
    guidance = LatentConsistencyModelPipeline.get_guidance_scale_embedding(None, scale, embedding_dim=LCM["time_cond_proj_dim"])
    record("lcm", formula_model("lcm", LCM), 8, 8, 7, guidance)
    for name, settings in {"base": BK_SDM_BASE, "small": BK_SDM_SMALL, "tiny": BK_SDM_TINY}.items():
        record(f"bk_sdm_{name}", formula_model(f"bk_sdm_{name}", settings), 8, 8, 7)


if __name__ == "__main__":
    main()
