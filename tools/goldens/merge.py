"""Goldens of tests/pipeline/merge.rs: Custom Diffusion's constrained merge (arXiv:2212.04488) by PyTorch, in
f64, as its equations have it and with the pretrained weight in them, which our own code does without.

    python tools/goldens/merge.py            (writes tests/goldens/merge.safetensors)
"""

import torch
from safetensors.torch import save_file

import formula

WIDTH, OUTPUTS = 12, 8
# How many encoded words each concept has, and the regularization prompts together.
CONCEPTS, REGULARIZATION = (3, 2), 40


def values(name, shape):
    return formula.values(name, shape).to(torch.float64)


def main():
    torch.set_num_threads(1)
    regularization = values("regularization", (REGULARIZATION, WIDTH))
    base = values("base", (OUTPUTS, WIDTH))
    words, targets = [], []
    for index, count in enumerate(CONCEPTS):
        # trained on this concept
        weight = base + values(f"difference.{index}", (OUTPUTS, WIDTH))
        words.append(values(f"concept.{index}", (count, WIDTH)))
        targets.append(words[-1] @ weight.T)
    words, targets = torch.cat(words), torch.cat(targets)
    d = torch.linalg.solve(regularization.T @ regularization, words.T).T
    delta = (targets.T - base @ words.T) @ torch.linalg.inv(d @ words.T)
    merged = base + delta @ d
    assert torch.allclose(merged @ words.T, targets.T)
    # It is the least change: the multipliers of the constraint explain all of the gradient.
    gradient = (merged - base) @ (regularization.T @ regularization)
    rest = gradient - gradient @ torch.linalg.pinv(words) @ words
    assert rest.abs().max() < 1e-9, rest.abs().max()
    save_file({"difference": (merged - base).to(torch.float32)}, "tests/goldens/merge.safetensors")


if __name__ == "__main__":
    main()
