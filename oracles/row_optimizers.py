"""Makes packages/optim/test/golden/row-optimizers.json with PyTorch.

SGD, Adagrad and SparseAdam on sparse gradients of a few rows of a table, duplicates among them, and AdamW on the same
gradients with zeros for all other rows, in float64. The table and the gradients are those that the golden file has already; float32 holds them exactly.
"""

import json
import pathlib

import numpy as np
import torch

RATE, BETAS, EPSILON, DECAY = 0.1, (0.9, 0.99), 1e-10, 0.05
OPTIMIZERS = {
    "sgd": lambda w: torch.optim.SGD([w], lr=RATE),
    "adagrad": lambda w: torch.optim.Adagrad([w], lr=RATE, eps=EPSILON),
    "sparse_adam": lambda w: torch.optim.SparseAdam([w], lr=RATE, betas=BETAS),
    "dense_adamw": lambda w: torch.optim.AdamW([w], lr=RATE, betas=BETAS, weight_decay=DECAY),
}


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    target = root / "packages/optim/test/golden/row-optimizers.json"
    before = json.loads(target.read_text())["arrays"]

    def load(name):
        return np.array(before[name]["data"]).reshape(before[name]["shape"])

    steps = sum(name.startswith("rows") for name in before)
    inputs = [f"{kind}{step}" for step in range(1, steps + 1) for kind in ("rows", "g")]
    arrays = {name: before[name] for name in ["w0", *inputs]}
    for name, optimizer_of in OPTIMIZERS.items():
        weight = torch.nn.Parameter(torch.tensor(load("w0")))
        optimizer = optimizer_of(weight)
        for step in range(1, steps + 1):
            rows = torch.tensor(load(f"rows{step}"), dtype=torch.int64)[None]
            grad = torch.tensor(load(f"g{step}"))
            sparse = torch.sparse_coo_tensor(rows, grad, weight.shape)
            weight.grad = sparse.to_dense() if name.startswith("dense") else sparse
            optimizer.step()
            value = weight.detach().numpy()
            arrays[f"{name}/w{step}"] = {
                "dtype": "float64",
                "shape": list(value.shape),
                "data": value.ravel().tolist(),
            }
    meta = {
        "generator": "oracles/row_optimizers.py",
        "torch": torch.__version__,
        "steps": steps,
        "learningRate": RATE,
        "beta1": BETAS[0],
        "beta2": BETAS[1],
        "adagradEpsilon": EPSILON,
        "weightDecay": DECAY,
    }
    target.write_text(json.dumps({"meta": meta, "arrays": arrays}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
