"""Goldens of tests/training/optimization.rs: the learning rate factors of diffusers' get_scheduler.

    python tools/goldens/learning_rates.py       (writes tests/goldens/learning_rates.json)
"""

import json
from pathlib import Path

import torch
from diffusers.optimization import get_scheduler

STEPS = 12


def factors(name: str, warmup: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = get_scheduler(name, optimizer, num_warmup_steps=warmup, num_training_steps=STEPS)
    found = []
    for _ in range(STEPS):
        found.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return found


def main():
    goldens = {
        f"{name}_{warmup}": factors(name, warmup)
        for name in ("constant_with_warmup", "cosine")
        for warmup in (0, 4)
    }
    path = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "learning_rates.json"
    path.write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
