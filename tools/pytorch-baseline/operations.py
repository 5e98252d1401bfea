"""Single operations by the shapes of src/bench/shapes.json, as diffusers' models call them."""

import torch
import torch.nn.functional as F


def operation(shape, device, dtype):
    """A function that runs the operation, and the inputs that gradients are wanted for."""
    (kind, extents), = shape.items()

    def random(*extents):
        return torch.rand(extents, device=device, dtype=dtype) * 2 - 1

    return OPERATIONS[kind](extents, random)


def linear(e, random):
    x, weight, bias = random(e["batch"], e["tokens"], e["in"]), random(e["out"], e["in"]), random(e["out"])
    return lambda: F.linear(x, weight, bias), [x]


def lora(e, random):
    x, weight = random(e["batch"], e["tokens"], e["in"]), random(e["out"], e["in"])
    down, up = random(e["rank"], e["in"]), random(e["out"], e["rank"])
    return lambda: F.linear(x, weight) + F.linear(F.linear(x, down), up), [x, down, up]


def conv2d(e, random):
    x = random(e["batch"], e["in"], e["height"], e["width"])
    weight, bias = random(e["out"], e["in"], e["kernel"], e["kernel"]), random(e["out"])
    return lambda: F.conv2d(x, weight, bias, stride=e["stride"], padding=e["kernel"] // 2), [x]


def attention(e, random):
    width = e["heads"] * e["head_size"]
    query = random(e["batch"], e["queries"], width)
    key, value = random(e["batch"], e["keys"], width), random(e["batch"], e["keys"], width)

    def by_head(x):
        return x.view(e["batch"], -1, e["heads"], e["head_size"]).transpose(1, 2)

    def run():
        y = F.scaled_dot_product_attention(by_head(query), by_head(key), by_head(value))
        return y.transpose(1, 2).reshape(query.shape)

    return run, [query, key, value]


def group_norm(e, random):
    x = random(e["batch"], e["channels"], e["height"], e["width"])
    weight, bias = random(e["channels"]), random(e["channels"])
    return lambda: F.silu(F.group_norm(x, e["groups"], weight, bias)), [x]


def layer_norm(e, random):
    x = random(e["batch"], e["tokens"], e["channels"])
    weight, bias = random(e["channels"]), random(e["channels"])
    return lambda: F.layer_norm(x, [e["channels"]], weight, bias), [x]


def geglu(e, random):
    x = random(e["batch"], e["tokens"], 2 * e["channels"])

    def run():
        hidden, gate = x.chunk(2, dim=-1)
        return hidden * F.gelu(gate)

    return run, [x]


OPERATIONS = {
    "linear": linear,
    "lora": lora,
    "conv2d": conv2d,
    "attention": attention,
    "group_norm": group_norm,
    "layer_norm": layer_norm,
    "geglu": geglu,
}
