"""Numbers that the golden scripts and the Rust tests (tests/support/formula.rs) both make, bit by bit
the same, from a name and a shape: random models need no stored weights.

hash: FNV-1a of the name, then MurmurHash3's finalizer of (hash + index·golden ratio), in u32.
value: the hash's upper 24 bits as f32 in [-1, 1), then one f32 product.
"""

import math

import numpy as np
import torch


def uniform(name, count):
    """`count` values in [-1, 1)."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)


def values(name, shape):
    """Values of variance 1."""
    count = math.prod(shape)
    return torch.from_numpy((uniform(name, count) * np.float32(math.sqrt(3))).reshape(shape))


def weight(name, shape):
    """What a layer's tensor holds: matrices keep the variance of what passes through them."""
    count = math.prod(shape)
    if len(shape) > 1:
        numbers = uniform(name, count) * np.float32(math.sqrt(3 / math.prod(shape[1:])))
    elif name.endswith(".weight"):
        numbers = uniform(name, count) / np.float32(4) + np.float32(1)
    else:
        numbers = uniform(name, count) / np.float32(8)
    return torch.from_numpy(numbers.reshape(shape))


def fill(model):
    """Gives every parameter of a PyTorch model its formula value; returns the shapes by name."""
    state = {name: weight(name, tuple(tensor.shape)) for name, tensor in model.state_dict().items()}
    model.load_state_dict(state)
    return {name: list(tensor.shape) for name, tensor in state.items()}
