"""Goldens of adapter files, written and read by diffusers and peft.

    python tools/goldens/adapters.py

A tiny U-Net of SD 1.x's kind gets a random LoRA by peft (rank 4, alpha 6, one layer with alpha 2). It is saved in the dialects
in use as tests/goldens/adapters_DIALECT.safetensors. Each file is then loaded by diffusers into a
fresh U-Net and fused: the change of every attention weight is what our reader must arrive at too
(adapters_expected.safetensors, `DIALECT.PATH`). adapters_modules.json lists the attention
projections of SD 1.5's layout and of the demo model, with kohya's names for them.

A second LoRA is on every linear layer and convolution of the U-Net of unet/adapted.json after the time
embedding, and on the text encoder of adapters_text.json: adapters_wide_DIALECT.safetensors, and what both
models answer after diffusers has loaded the file (adapters_wide_expected.safetensors, `DIALECT.unet` and
`DIALECT.text_encoder`).
"""

import json
from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.utils import convert_state_dict_to_diffusers, convert_state_dict_to_kohya
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

import formula
import unet as unet_goldens

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "tests" / "goldens"
RANK, ALPHA = 4, 6
PROJECTIONS = ["to_q", "to_k", "to_v", "to_out.0"]
TINY = dict(
    sample_size=8,
    block_out_channels=(8, 16),
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    layers_per_block=1,
    cross_attention_dim=12,
    attention_head_dim=2,
    norm_num_groups=4,
)


def unet(seed):
    torch.manual_seed(seed)
    return UNet2DConditionModel(**TINY)


def pipeline(model, text_encoder=None):
    return StableDiffusionPipeline(
        vae=None,
        text_encoder=text_encoder,
        tokenizer=None,
        unet=model,
        scheduler=DDIMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def adapted():
    model = unet(1)
    exception = {"mid_block.attentions.0.transformer_blocks.0.attn1.to_q": 2}
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=PROJECTIONS, alpha_pattern=exception)
    model.add_adapter(config)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def old_dialect(state):
    """The names of diffusers 0.1x, which its readers still know."""
    renamed = {}
    for name, tensor in state.items():
        for projection in PROJECTIONS:
            short = projection.removesuffix(".0")
            name = name.replace(f".{projection}.lora.", f".processor.{short}_lora.")
        renamed[name] = tensor
    return renamed


def write(state, metadata):
    """The state's file in every dialect; returns the files' names."""
    diffusers = convert_state_dict_to_diffusers(state)
    save = StableDiffusionPipeline.save_lora_weights
    name = lambda dialect: f"adapters_{dialect}.safetensors"
    save(FOLDER, state, weight_name=name("peft"), unet_lora_adapter_metadata=metadata)
    save(FOLDER, diffusers, weight_name=name("diffusers"))
    prefixed = {f"unet.{key}": tensor.contiguous() for key, tensor in diffusers.items()}
    save_file(old_dialect(prefixed), FOLDER / name("old"))
    kohya = convert_state_dict_to_kohya({f"unet.{key}": tensor for key, tensor in state.items()})
    for key in kohya:
        # diffusers writes alpha = rank; most trainers let the user choose.
        kohya[key] = torch.tensor(3.0) if key.endswith(".alpha") else kohya[key].half()
    save_file({key: tensor.contiguous() for key, tensor in kohya.items()}, FOLDER / name("kohya"))
    return [name(dialect) for dialect in ["peft", "diffusers", "old", "kohya"]]


def change_by_diffusers(path):
    fresh = unet(1)
    base = {name: parameter.detach().clone() for name, parameter in fresh.named_parameters()}
    pipe = pipeline(fresh)
    pipe.load_lora_weights(str(path))
    pipe.fuse_lora()
    pipe.unload_lora_weights()
    changed = dict(fresh.named_parameters())
    changes = {}
    for name, before in base.items():
        change = changed[name].detach() - before
        if change.abs().max() > 0:
            changes[name.removesuffix(".weight")] = change.contiguous()
    return changes


def modules():
    """Paths by named_modules, kohya's names by diffusers' converter."""
    sd15 = dict(block_out_channels=(8, 8, 8, 8), norm_num_groups=4, cross_attention_dim=12, attention_head_dim=2)
    demo = json.loads((REPOSITORY / "models/demo/unet/config.json").read_text())
    out = {}
    for name, config in [("sd15", sd15), ("demo", demo)]:
        model = UNet2DConditionModel.from_config(config)
        paths = [
            path
            for path, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and path.endswith(tuple(PROJECTIONS)) and ".attn" in path
        ]
        kohya = convert_state_dict_to_kohya({f"unet.{path}.lora_A.weight": torch.zeros(1, 1) for path in paths})
        names = [key.split(".")[0] for key in kohya if key.endswith(".lora_down.weight")]
        out[name] = dict(sorted(zip(paths, names, strict=True)))
    return out


def embeddings():
    torch.manual_seed(2)
    save_file({"<cat-toy>": torch.randn(12)}, FOLDER / "adapters_learned_embeds.safetensors", {"format": "pt"})
    save_file({"clip_l": torch.randn(3, 12).bfloat16()}, FOLDER / "adapters_clip_l.safetensors")


TEXT = dict(
    vocab_size=99,
    hidden_size=24,
    intermediate_size=40,
    num_hidden_layers=2,
    num_attention_heads=4,
    max_position_embeddings=77,
    hidden_act="quick_gelu",
    eos_token_id=98,
)
TEXT_PROJECTIONS = ["fc1", "fc2", "k_proj", "out_proj", "q_proj", "v_proj"]
TEXT_IDS = [[97, 5, 60, 31, 8, 98, 98], [97, 90, 11, 98, 98, 98, 98]]


def wide_models():
    model = UNet2DConditionModel(**unet_goldens.ADAPTED).eval()
    formula.fill(model)
    text_encoder = CLIPTextModel(CLIPTextConfig(**TEXT)).eval()
    shapes = formula.fill(text_encoder)
    (FOLDER / "adapters_text.json").write_text(json.dumps({"config": TEXT, "weights": shapes}) + "\n")
    return model, text_encoder


def wide_lora():
    """Factors on every layer, of values that f16 holds, by peft; alpha is twice the rank of 2."""
    model, text_encoder = wide_models()
    layers = (torch.nn.Linear, torch.nn.Conv2d)
    paths = [path for path, module in model.named_modules() if isinstance(module, layers) and not path.startswith("time_embedding")]
    model.add_adapter(LoraConfig(r=2, lora_alpha=4, target_modules=paths))
    text_encoder.add_adapter(LoraConfig(r=2, lora_alpha=4, target_modules=TEXT_PROJECTIONS))
    states = []
    for module in [model, text_encoder]:
        for name, parameter in module.named_parameters():
            if "lora_" in name:
                # Of both factors' product a third of the weights' own size.
                parameter.data = (formula.weight(name, tuple(parameter.shape)) * 0.4).half().float()
        states.append({key: value.contiguous() for key, value in get_peft_model_state_dict(module).items()})
    return paths, states


def wide():
    paths, (unet_state, text_state) = wide_lora()
    # Before version 5, transformers had one more level, which files keep.
    text_state = {f"text_model.{key.removeprefix('text_model.')}": value for key, value in text_state.items()}
    halved = lambda state: {key: value.half() for key, value in state.items()}
    save = StableDiffusionPipeline.save_lora_weights
    scales = dict(r=2, lora_alpha=4)
    save(
        FOLDER,
        halved(unet_state),
        halved(text_state),
        weight_name="adapters_wide_peft.safetensors",
        unet_lora_adapter_metadata=dict(scales, target_modules=sorted(paths)),
        text_encoder_lora_adapter_metadata=dict(scales, target_modules=TEXT_PROJECTIONS),
    )
    # sd-scripts' layout: flat names, a scalar alpha for each layer, here half the rank.
    kohya = {}
    for prefix, state in [("lora_unet_", unet_state), ("lora_te_", text_state)]:
        for key, value in state.items():
            path, factor = key.removesuffix(".weight").rsplit(".", 1)
            name = prefix + path.replace(".", "_")
            kohya[f"{name}.{ {'lora_A': 'lora_down', 'lora_B': 'lora_up'}[factor] }.weight"] = value.half()
            kohya[f"{name}.alpha"] = torch.tensor(1.0)
    save_file(kohya, FOLDER / "adapters_wide_kohya.safetensors")
    expected = {}
    for dialect in ["base", "peft", "kohya"]:
        model, text_encoder = wide_models()
        if dialect != "base":
            pipe = pipeline(model, text_encoder)
            pipe.load_lora_weights(str(FOLDER / f"adapters_wide_{dialect}.safetensors"))
            for part in [model, text_encoder]:
                print(dialect, sum("lora_A" in name for name, _ in part.named_parameters()), "layers adapted")
        sample, timesteps, context = unet_goldens.inputs(model, 8, 6, 7)
        with torch.no_grad():
            output = model(sample, timesteps, context).sample
            states = text_encoder(input_ids=torch.tensor(TEXT_IDS)).last_hidden_state
        expected[f"{dialect}.unet"] = unet_goldens.channels_last(output)
        expected[f"{dialect}.text_encoder"] = states
    save_file(expected, FOLDER / "adapters_wide_expected.safetensors")


def main():
    torch.set_num_threads(1)
    wide()
    model = adapted()
    config = model.peft_config["default"].to_dict()
    metadata = {key: config[key] for key in ["r", "lora_alpha", "alpha_pattern", "target_modules", "use_rslora"]}
    metadata["target_modules"] = sorted(metadata["target_modules"])
    state = {name: tensor.contiguous() for name, tensor in get_peft_model_state_dict(model).items()}
    expected = {}
    for name in write(state, metadata):
        dialect = name.removeprefix("adapters_").removesuffix(".safetensors")
        changes = change_by_diffusers(FOLDER / name)
        print(name, len(changes), "layers, first key", sorted(changes)[0])
        expected |= {f"{dialect}.{path}": change for path, change in changes.items()}
    save_file(expected, FOLDER / "adapters_expected.safetensors")
    (FOLDER / "adapters_modules.json").write_text(json.dumps(modules(), indent=0) + "\n")
    embeddings()


if __name__ == "__main__":
    main()
