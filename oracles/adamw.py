"""Makes packages/optim/test/golden/adamw.json with PyTorch.

AdamW with parameter groups, a warm-up + cosine learning rate and global-norm clipping, in float64 from
weights and gradients that float32 holds exactly. One variable has no gradient in the first steps.
"""

import json
import math
import pathlib

import numpy as np
import torch

STEPS = 12
MAX_NORM = 2.0
PEAK, WARMUP, FINAL = 0.05, 4, 1e-4
BETAS, EPSILON, DECAY = (0.9, 0.99), 1e-8, 0.1
LATE, LATE_FROM = "late/kernel", 3
SHAPES = {
    "block/kernel": [5, 3],
    "block/bias": [3],
    "head/kernel": [3, 2, 2],
    "scale": [],
    LATE: [4],
}
GROUPS = [  # of the names that match first; as in the test
    {"suffix": "bias", "weight_decay": 0.0, "scale": 1.0},
    {"suffix": "head/kernel", "weight_decay": 0.5, "scale": 0.25},
    {"suffix": "", "weight_decay": DECAY, "scale": 1.0},
]


def learning_rate(step):
    if step < WARMUP:
        return PEAK * step / WARMUP
    progress = (step - WARMUP) / (STEPS - WARMUP)
    return FINAL + 0.5 * (PEAK - FINAL) * (1 + math.cos(math.pi * progress))


def main():
    random = np.random.default_rng(20260101)

    def draw(shape, scale=1.0):
        return (scale * random.standard_normal(shape)).astype(np.float32).astype(np.float64)

    arrays = {}

    def record(name, tensor):
        value = np.asarray(tensor, dtype=np.float64)
        arrays[name] = {
            "dtype": "float64",
            "shape": list(value.shape),
            "data": value.ravel().tolist(),
        }

    weights = {name: torch.tensor(draw(shape), requires_grad=True) for name, shape in SHAPES.items()}
    for name, weight in weights.items():
        record(f"w0/{name}", weight.detach())

    groups = [{**group, "params": []} for group in GROUPS]
    for name, weight in weights.items():
        next(group for group in groups if name.endswith(group["suffix"]))["params"].append(weight)
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=BETAS, eps=EPSILON)

    norms = []
    for step in range(1, STEPS + 1):
        # Norms on both sides of MAX_NORM.
        scale = 0.05 if step % 3 == 0 else 1.5
        for name, weight in weights.items():
            if name == LATE and step < LATE_FROM:
                continue
            weight.grad = torch.tensor(draw(SHAPES[name], scale))
            record(f"g{step}/{name}", weight.grad)
        norms.append(torch.nn.utils.clip_grad_norm_(weights.values(), MAX_NORM).item())
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step) * group["scale"]
        optimizer.step()
        for name, weight in weights.items():
            record(f"w{step}/{name}", weight.detach())
    for name, weight in weights.items():
        record(f"m/{name}", optimizer.state[weight]["exp_avg"])
        record(f"v/{name}", optimizer.state[weight]["exp_avg_sq"])
    record("norms", norms)
    record("learning rates", [learning_rate(step) for step in range(1, STEPS + 1)])

    golden = {
        "meta": {
            "generator": "oracles/adamw.py",
            "torch": torch.__version__,
            "steps": STEPS,
            "maxNorm": MAX_NORM,
            "peak": PEAK,
            "warmupSteps": WARMUP,
            "final": FINAL,
            "beta1": BETAS[0],
            "beta2": BETAS[1],
            "epsilon": EPSILON,
            "weightDecay": DECAY,
        },
        "arrays": arrays,
    }
    root = pathlib.Path(__file__).resolve().parent.parent
    target = root / "packages/optim/test/golden/adamw.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{target.relative_to(root)}: norms {norms}")


if __name__ == "__main__":
    main()
