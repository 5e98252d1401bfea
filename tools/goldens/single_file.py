"""Single-file checkpoints in the original layout as diffusers converts them, for tests/model_files/single_file.rs.

Run from the repository's root: python tools/goldens/single_file.py
Stable Diffusion 1 and 2, their layouts at a tenth of the width. The original names are made from
diffusers' by the inverse of its conversion, filled by the formula, converted by diffusers itself and
loaded strictly. tests/goldens/single_file: per model a JSON file with names and shapes (by layer), and what the
parts compute. Images are stored channels-last. unet_layers.json: of every convolution and linear layer of
Stable Diffusion's U-Net the original name and diffusers', as its conversion pairs them: the names of the
blocks (`pieces`), and below them the layers' of each kind of block.
"""

import json
import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders import single_file_utils as convert
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

import formula

GOLDENS = Path("tests/goldens/single_file")
WITH_ATTENTION = dict(
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    layers_per_block=2,
    cross_attention_dim=64,
)
UNETS = {
    "sd1": dict(block_out_channels=(32, 64, 64, 64), attention_head_dim=8, **WITH_ATTENTION),
    "sd2": dict(
        block_out_channels=(64, 64, 128, 128), attention_head_dim=(1, 1, 2, 2), use_linear_projection=True, **WITH_ATTENTION
    ),
}
VAE = dict(
    block_out_channels=(32, 32, 64, 64),
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
    layers_per_block=2,
)
TEXT = dict(vocab_size=99, hidden_size=64, intermediate_size=128, num_attention_heads=1, max_position_embeddings=77)
TEXTS = {"sd1": dict(num_hidden_layers=2, hidden_act="quick_gelu"), "sd2": dict(num_hidden_layers=2, hidden_act="gelu")}

RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}


def original_unet(name):
    """diffusers' name of a U-Net with two layers a level → the original one."""
    for new, old in {
        "conv_in.": "input_blocks.0.0.", "conv_norm_out.": "out.0.", "conv_out.": "out.2.",
        "time_embedding.linear_1.": "time_embed.0.", "time_embedding.linear_2.": "time_embed.2.",
    }.items():
        if name.startswith(new):
            return old + name.removeprefix(new)
    match = re.fullmatch(r"(down_blocks|up_blocks|mid_block)(?:\.(\d))?\.(\w+)\.(\d)\.(.*)", name)
    side, level, kind, layer, rest = match.groups()
    level, layer = int(level or 0), int(layer)
    if kind == "resnets":
        part, leaf = rest.split(".")
        rest = f"{RESNET[part]}.{leaf}"
    if side == "mid_block":
        return f"middle_block.{1 if kind == 'attentions' else 2 * layer}.{rest}"
    if side == "down_blocks":
        index = 1 + 3 * level + layer
        if kind == "downsamplers":
            return f"input_blocks.{3 * level + 3}.0.op.{rest.removeprefix('conv.')}"
        return f"input_blocks.{index}.{1 if kind == 'attentions' else 0}.{rest}"
    if kind == "upsamplers":
        return f"output_blocks.{3 * level + 2}.{1 if level == 0 else 2}.{rest}"
    return f"output_blocks.{3 * level + layer}.{1 if kind == 'attentions' else 0}.{rest}"


def original_vae(name):
    name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets", lambda m: f"up.{3 - int(m[1])}.block", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample", name)
    for new, old in {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}.items():
        name = name.replace(f"mid_block.attentions.0.{new}", f"mid.attn_1.{old}")
    return name


def open_clip_shapes(width, intermediate, layers, vocabulary, positions):
    shapes = {
        "token_embedding.weight": [vocabulary, width], "positional_embedding": [positions, width],
        "text_projection": [width, width], "logit_scale": [1], "ln_final.weight": [width], "ln_final.bias": [width],
    }
    for layer in range(layers):
        block = {
            "ln_1.weight": [width], "ln_1.bias": [width], "ln_2.weight": [width], "ln_2.bias": [width],
            "attn.in_proj_weight": [3 * width, width], "attn.in_proj_bias": [3 * width],
            "attn.out_proj.weight": [width, width], "attn.out_proj.bias": [width],
            "mlp.c_fc.weight": [intermediate, width], "mlp.c_fc.bias": [intermediate],
            "mlp.c_proj.weight": [width, intermediate], "mlp.c_proj.bias": [width],
        }
        shapes |= {f"transformer.resblocks.{layer}.{name}": shape for name, shape in block.items()}
    return shapes


def checkpoint_of(name, unet, vae, text):
    shapes = {f"model.diffusion_model.{original_unet(key)}": list(value.shape) for key, value in unet.state_dict().items()}
    for key, value in vae.state_dict().items():
        shape = list(value.shape)
        if "mid_block.attentions" in key and len(shape) == 2:
            shape += [1, 1]
        shapes[f"first_stage_model.{original_vae(key)}"] = shape
    if name == "sd1":
        for key, value in text.state_dict().items():
            shapes["cond_stage_model.transformer.text_model." + key.removeprefix("text_model.")] = list(value.shape)
    else:
        # one layer more than is used
        for key, shape in open_clip_shapes(64, 128, 3, 99, 77).items():
            shapes["cond_stage_model.model." + key] = shape
    return {key: formula.weight(key, tuple(shape)) for key, shape in shapes.items()}


def load_text(model, state):
    own = model.state_dict()
    level = "text_model." if next(iter(own)).startswith("text_model.") else ""
    renamed = {level + key.removeprefix("text_model."): value for key, value in state.items()}
    unused = [key for key in renamed if key not in own]
    assert all("layers.2." in key or "text_projection" in key or "position_ids" in key for key in unused), unused
    model.load_state_dict({key: value for key, value in renamed.items() if key in own}, strict=True)


def record(name):
    unet = UNet2DConditionModel(**UNETS[name]).eval()
    vae = AutoencoderKL(**VAE).eval()
    text = CLIPTextModel(CLIPTextConfig(**TEXT, **TEXTS[name])).eval()
    checkpoint = checkpoint_of(name, unet, vae, text)
    unet.load_state_dict(convert.convert_ldm_unet_checkpoint(dict(checkpoint), dict(unet.config)), strict=True)
    vae.load_state_dict(convert.convert_ldm_vae_checkpoint(dict(checkpoint), dict(vae.config)), strict=True)
    if name == "sd1":
        load_text(text, convert.convert_ldm_clip_checkpoint(dict(checkpoint)))
    else:
        load_text(text, convert.convert_open_clip_checkpoint(text, dict(checkpoint)))
    channels_last = lambda image: image.permute(0, 2, 3, 1).contiguous()
    sample = formula.values("sample", (2, 8, 8, 4)).permute(0, 3, 1, 2)
    context = formula.values("encoder_hidden_states", (2, 7, 64))
    images = formula.values("images", (1, 16, 16, 3)).permute(0, 3, 1, 2)
    latents = formula.values("latents", (1, 2, 2, 4)).permute(0, 3, 1, 2)
    ids = torch.tensor([[98, 5, 17, 3, 0, 0, 97]])
    with torch.no_grad():
        save_file({
            "unet": channels_last(unet(sample, torch.tensor([801.0, 20.5]), context).sample),
            "mean": channels_last(vae.encode(images).latent_dist.mean),
            "decoded": channels_last(vae.decode(latents).sample),
            "text": text(input_ids=ids).last_hidden_state,
        }, GOLDENS / f"{name}.safetensors")
    # Layers by name, each with the shapes of its tensors: half as long as a list of tensors.
    layers = {}
    for key, value in checkpoint.items():
        layer, _, leaf = key.rpartition(".")
        layers.setdefault(layer, {})[leaf] = list(value.shape)
    (GOLDENS / f"{name}.json").write_text(json.dumps(layers, separators=(",", ":")) + "\n")


def unet_layers():
    model = UNet2DConditionModel(**UNETS["sd1"])
    adaptable = (torch.nn.Conv2d, torch.nn.Linear)
    paths = [path for path, module in model.named_modules() if isinstance(module, adaptable)]
    # Every tensor holds its own number, by which it is known after the conversion.
    originals = [original_unet(key) for key in model.state_dict()]
    numbered = {f"model.diffusion_model.{name}": torch.tensor([float(i)]) for i, name in enumerate(originals)}
    converted = convert.convert_ldm_unet_checkpoint(dict(numbered), dict(model.config))
    pairs = {path: originals[int(converted[f"{path}.weight"].item())].removesuffix(".weight") for path in paths}
    table = {"count": len(pairs), "alone": {}, "pieces": {}, "layers": {}}
    for path, original in pairs.items():
        piece = re.match(r"(?:(?:down|up)_blocks\.\d|mid_block)\.(resnets|attentions)\.\d\.", path)
        if piece is None:
            table["alone"][original] = path
            continue
        blocks = re.match(r"(?:(?:in|out)put_blocks\.\d+|middle_block)\.\d\.", original)
        assert table["pieces"].setdefault(blocks[0], piece[0]) == piece[0]
        layers = table["layers"].setdefault(piece[1], {})
        inner, inner_original = path.removeprefix(piece[0]), original.removeprefix(blocks[0])
        assert layers.setdefault(inner_original, inner) == inner
    (GOLDENS / "unet_layers.json").write_text(json.dumps(table, indent=0) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    GOLDENS.mkdir(parents=True, exist_ok=True)
    unet_layers()
    record("sd1")
    record("sd2")
