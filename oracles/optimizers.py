"""Makes packages/optim/test/golden/optimizers.json with PyTorch and optax.

SGD in all its kinds and a moving average of weights with PyTorch, Lion with optax, in float64 from weights and
gradients that float32 holds exactly: the weights after each step, and the state after the last.
"""

import json
import pathlib

import jax
import numpy as np
import optax
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

STEPS, SHAPE, RATE, EMA_DECAY = 9, [4, 3], 0.05, 0.9
SGD = {
    "sgd": {},
    "sgd, momentum": {"momentum": 0.8},
    "sgd, nesterov": {"momentum": 0.8, "nesterov": True},
    "sgd, L2": {"momentum": 0.8, "weightDecay": 0.1},
    "sgd, nesterov, L2": {"momentum": 0.8, "nesterov": True, "weightDecay": 0.1},
}
LION = {
    "lion": {},
    "lion, decay": {"beta1": 0.8, "beta2": 0.95, "weightDecay": 0.3},
}


def main():
    jax.config.update("jax_enable_x64", True)
    random = np.random.default_rng(20260105)

    def draw():
        return random.standard_normal(SHAPE).astype(np.float32).astype(np.float64)

    start, grads = draw(), [draw() for _ in range(STEPS)]
    arrays = {}

    def record(name, value):
        value = np.asarray(value, dtype=np.float64)
        arrays[name] = {
            "dtype": "float64",
            "shape": list(value.shape),
            "data": value.ravel().tolist(),
        }

    record("w0", start)
    for step, grad in enumerate(grads, 1):
        record(f"g{step}", grad)

    for name, options in SGD.items():
        module = torch.nn.Module()
        module.w = torch.nn.Parameter(torch.tensor(start))
        keywords = {"weight_decay" if key == "weightDecay" else key: value for key, value in options.items()}
        optimizer = torch.optim.SGD([module.w], lr=RATE, **keywords)
        average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(EMA_DECAY))
        for step, grad in enumerate(grads, 1):
            module.w.grad = torch.tensor(grad)
            optimizer.step()
            record(f"{name}/w{step}", module.w.detach())
            average.update_parameters(module)
            if not options:
                record(f"ema/w{step}", average.module.w.detach())
        if "momentum" in options:
            record(f"{name}/momentum", optimizer.state[module.w]["momentum_buffer"])

    for name, options in LION.items():
        optimizer = optax.lion(
            RATE, options.get("beta1", 0.9), options.get("beta2", 0.99), weight_decay=options.get("weightDecay", 0.0)
        )
        weight = jax.numpy.asarray(start)
        state = optimizer.init(weight)
        for step, grad in enumerate(grads, 1):
            updates, state = optimizer.update(jax.numpy.asarray(grad), state, weight)
            weight = optax.apply_updates(weight, updates)
            record(f"{name}/w{step}", weight)
        record(f"{name}/m", state[0].mu)

    meta = {
        "generator": "oracles/optimizers.py",
        "torch": torch.__version__,
        "optax": optax.__version__,
        "jax": jax.__version__,
        "steps": STEPS,
        "learningRate": RATE,
        "emaDecay": EMA_DECAY,
        "SGD": SGD,
        "Lion": LION,
    }
    root = pathlib.Path(__file__).resolve().parent.parent
    target = root / "packages/optim/test/golden/optimizers.json"
    target.write_text(json.dumps({"meta": meta, "arrays": arrays}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
