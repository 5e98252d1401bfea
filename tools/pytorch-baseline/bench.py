"""The yardstick of `palpable bench`: the same shapes and steps in PyTorch, diffusers and peft.

Run from the repository's root, best on the machine and in the hour of the other:

    pip install -r tools/pytorch-baseline/requirements.txt
    python tools/pytorch-baseline/bench.py --json pytorch.json
    palpable bench compare ours.json pytorch.json

Shapes and architecture are read from src/bench/, so a row here has the same name and does the same
work as a row there. f32 (TF32 off), tf32 and f16 on a GPU, f32 alone on the processor. Nothing is
compiled or fused by hand: eager PyTorch as people run it, scaled_dot_product_attention included.
A duration is the median of several samples around torch.cuda.synchronize().
"""

import argparse
import json
import time
from pathlib import Path

import torch
from networks import Networks
from operations import operation

ROOT = Path(__file__).resolve().parents[2]
TASKS = ["ops", "unet", "vae", "text", "step", "palp"]


def arguments():
    parser = argparse.ArgumentParser(description="Times PyTorch on the work of `palpable bench`.")
    parser.add_argument("tasks", nargs="*", default=TASKS, help=f"of {', '.join(TASKS)}; all if left out")
    parser.add_argument("--model", default="sd15", help="sd15, or a folder with diffusers' configs")
    parser.add_argument("--sizes", default="512", help="sides of the pictures in pixels, comma-separated")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--training-batch", type=int, default=1)
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--shapes", default="sd15", choices=["sd15", "demo", "quick"])
    parser.add_argument("--precisions", default="f32,tf32,f16")
    parser.add_argument("--quick", action="store_true", help="small shapes, few and short samples")
    parser.add_argument("--json", type=Path, required=True)
    chosen = parser.parse_args()
    unknown = set(chosen.tasks) - set(TASKS)
    if unknown:
        parser.error(f"unknown task {', '.join(unknown)}; choose of {', '.join(TASKS)}")
    return chosen


class Stopwatch:
    """Medians of repeated runs, after one that warms up."""

    def __init__(self, device, quick):
        self.device = device
        self.samples, self.sample_seconds, self.row_seconds = (3, 0.005, 0.5) if quick else (7, 0.05, 4.0)

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def sample(self, run, repeats):
        """Seconds of a run until done and until queued."""
        self.wait()
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        queued = time.perf_counter() - start
        self.wait()
        return (time.perf_counter() - start) / repeats, queued / repeats

    def row(self, name, way, precision, run):
        run()
        once = self.sample(run, 1)[0]
        repeats = min(max(1, round(self.sample_seconds / once)), 500)
        samples = min(max(1, int(self.row_seconds / max(once * repeats, self.sample_seconds))), self.samples)
        done, queued = zip(*(self.sample(run, repeats) for _ in range(samples)))
        done, queued = sorted(done), sorted(queued)
        print(f"{name}, {way}, {precision}: {done[samples // 2] * 1e3:.3f} ms", flush=True)
        return {
            "name": name,
            "pass": way,
            "precision": precision,
            "milliseconds": done[samples // 2] * 1e3,
            "least": done[0] * 1e3,
            "most": done[-1] * 1e3,
            "host": queued[samples // 2] * 1e3,
            "samples": samples,
            "repeats": repeats,
        }


def time_operations(stopwatch, shapes, device, dtype, precision):
    for case in shapes:
        forward, inputs = operation(case["shape"], device, dtype)
        with torch.no_grad():
            yield stopwatch.row(case["name"], "forward", precision, forward)
        for tensor in inputs:
            tensor.requires_grad_()
        y = forward()
        ones = torch.ones_like(y)
        backward = lambda: torch.autograd.grad(y, inputs, ones, retain_graph=True)
        yield stopwatch.row(case["name"], "backward", precision, backward)


def time_networks(stopwatch, networks, tasks, precision):
    for task in tasks:
        for name, run in networks.passes(task):
            if stopwatch.device.type == "cuda":
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            row = stopwatch.row(name, "whole", precision, run)
            if stopwatch.device.type == "cuda":
                row["memory"] = torch.cuda.max_memory_reserved()
            yield row


def main():
    chosen = arguments()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    precisions = chosen.precisions.split(",") if device.type == "cuda" else ["f32"]
    name = torch.cuda.get_device_name() if device.type == "cuda" else "processor"
    report = {
        "format": "palpable-bench-1",
        "engine": f"PyTorch {torch.__version__}",
        "device": {"adapterName": name, "backend": device.type},
        "rows": [],
    }
    print(f"Measuring on {name}.")
    shapes = json.loads((ROOT / "src/bench/shapes.json").read_text())["quick" if chosen.quick else chosen.shapes]
    stopwatch = Stopwatch(device, chosen.quick)
    for precision in precisions:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
        dtype = torch.float16 if precision == "f16" else torch.float32
        rows = time_operations(stopwatch, shapes, device, dtype, precision) if "ops" in chosen.tasks else []
        for row in rows:
            report["rows"].append(row)
        for size in chosen.sizes.split(","):
            networks = Networks(ROOT, chosen, int(size), device, dtype)
            tasks = [task for task in TASKS[1:] if task in chosen.tasks]
            for row in time_networks(stopwatch, networks, tasks, precision):
                report["rows"].append(row)
                # What is there already outlives a run that is cut short.
                chosen.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))
    chosen.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
