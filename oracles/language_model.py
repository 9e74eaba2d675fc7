"""Makes packages/peer/test/golden/language-model.json with PyTorch.

A decoder-only transformer with a dense block and a mixture of experts, in float64 from numbers that float32 holds exactly: the logits, the loss with the loss that
spreads tokens over experts, which experts were picked, and by autograd the gradient of every parameter.
"""

import json
import pathlib

import numpy as np
import torch
from torch.nn import functional

ROWS, TOKENS, VOCABULARY, WIDTH, HEADS, CONTEXT = 2, 5, 11, 8, 2, 6
DEPTH = WIDTH // HEADS
DENSE = {"kind": "dense", "hidden": 12}
MOE = {"kind": "moe", "experts": 4, "topK": 2, "hidden": 6, "balance": 0.3}
CONFIG = {
    "vocabulary": VOCABULARY,
    "width": WIDTH,
    "heads": HEADS,
    "context": CONTEXT,
    "blocks": [DENSE, MOE],
    "rotaryBase": 500,
    "normEps": 1e-5,
}


def mlp_shapes(prefix, hidden):
    return {
        f"{prefix}Dense_0/kernel": [WIDTH, hidden],
        f"{prefix}Dense_0/bias": [hidden],
        f"{prefix}Dense_1/kernel": [hidden, WIDTH],
        f"{prefix}Dense_1/bias": [WIDTH],
    }


def shapes():
    result = {"embedding": [VOCABULARY, WIDTH], "norm/scale": [WIDTH]}
    for number, block in enumerate(CONFIG["blocks"]):
        name = f"block_{number:02}/"
        for norm in ("attention_norm", "feed_forward_norm"):
            result[f"{name}{norm}/scale"] = [WIDTH]
        for part in ("query", "key", "value"):
            result[f"{name}attention/{part}/kernel"] = [WIDTH, HEADS, DEPTH]
            result[f"{name}attention/{part}/bias"] = [HEADS, DEPTH]
        result[f"{name}attention/out/kernel"] = [HEADS, DEPTH, WIDTH]
        result[f"{name}attention/out/bias"] = [WIDTH]
        if block["kind"] == "dense":
            result |= mlp_shapes(f"{name}feed_forward/", block["hidden"])
        else:
            result[f"{name}feed_forward/router/kernel"] = [WIDTH, block["experts"]]
            for expert in range(block["experts"]):
                result |= mlp_shapes(f"{name}feed_forward/expert_{expert:03}/", block["hidden"])
    return result


def mlp(x, params, name):
    hidden = x @ params[f"{name}Dense_0/kernel"] + params[f"{name}Dense_0/bias"]
    hidden = functional.gelu(hidden, approximate="tanh")
    return hidden @ params[f"{name}Dense_1/kernel"] + params[f"{name}Dense_1/bias"]


def experts(x, params, name, block):
    """x [T, D]. Plainly: every expert computes every token, and a mask has those that were picked."""
    scores = x @ params[f"{name}router/kernel"]
    best, indices = scores.topk(block["topK"], dim=-1)
    gates = torch.zeros_like(scores).scatter(1, indices, best.softmax(-1))
    made = [
        mlp(x, params, f"{name}expert_{expert:03}/") for expert in range(block["experts"])
    ]
    y = torch.stack(made, 1).mul(gates[..., None]).sum(1)
    shares = functional.one_hot(indices, block["experts"]).double().mean((0, 1))
    spread = (shares * scores.softmax(-1).mean(0)).sum()
    return y, block["balance"] * block["experts"] * spread, indices


def rotate(x):
    """x [B, N, H, d], pairs (c, c + d / 2)."""
    half = DEPTH // 2
    rates = CONFIG["rotaryBase"] ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * rates
    cos, sin = angles.cos()[:, None, :], angles.sin()[:, None, :]
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def rms_norm(x, scale):
    return x / (x.square().mean(-1, keepdim=True) + CONFIG["normEps"]).sqrt() * scale


def language_model(tokens, params):
    x = params["embedding"][tokens]
    extra, picked = 0.0, None
    for number, block in enumerate(CONFIG["blocks"]):
        name = f"block_{number:02}/"
        normed = rms_norm(x, params[f"{name}attention_norm/scale"])
        q, k, v = (
            torch.einsum("bnd,dhk->bnhk", normed, params[f"{name}attention/{part}/kernel"])
            + params[f"{name}attention/{part}/bias"]
            for part in ("query", "key", "value")
        )
        heads = functional.scaled_dot_product_attention(
            *(y.transpose(1, 2) for y in (rotate(q), rotate(k), v)), is_causal=True
        )
        x = x + torch.einsum("bhnk,hkd->bnd", heads, params[f"{name}attention/out/kernel"])
        x = x + params[f"{name}attention/out/bias"]
        normed = rms_norm(x, params[f"{name}feed_forward_norm/scale"]).reshape(-1, WIDTH)
        if block["kind"] == "dense":
            y = mlp(normed, params, f"{name}feed_forward/")
        else:
            y, extra, picked = experts(normed, params, f"{name}feed_forward/", block)
        x = x + y.reshape(x.shape)
    logits = rms_norm(x, params["norm/scale"]) @ params["embedding"].T
    return logits, extra, picked


def main():
    random = np.random.default_rng(20261129)

    def draw(name, shape):
        values = random.standard_normal(shape) * 0.4 + name.endswith("scale")
        values = values.astype(np.float32).astype(np.float64)
        return torch.tensor(values, requires_grad=True)

    params = {name: draw(name, shape) for name, shape in shapes().items()}
    tokens = torch.tensor(random.integers(0, VOCABULARY, [ROWS, TOKENS]))
    targets = torch.tensor(random.integers(0, VOCABULARY, [ROWS, TOKENS]))
    logits, extra, picked = language_model(tokens, params)
    entropy = functional.cross_entropy(logits.reshape(-1, VOCABULARY), targets.reshape(-1))
    (entropy + extra).backward()

    arrays = {}

    def record(name, tensor):
        value = tensor.detach().numpy()
        arrays[name] = {
            "dtype": str(value.dtype),
            "shape": list(value.shape),
            "data": value.ravel().tolist(),
        }

    for name, tensor in {
        "tokens": tokens,
        "targets": targets,
        "logits": logits,
        "entropy": entropy,
        "extra": extra,
        "picked": picked,
    }.items():
        record(name, tensor)
    for name, param in params.items():
        record(f"w/{name}", param)
        record(f"g/{name}", param.grad)

    golden = {
        "meta": {
            "generator": "oracles/language_model.py",
            "torch": torch.__version__,
            "numpy": np.__version__,
            "config": CONFIG,
        },
        "arrays": arrays,
    }
    root = pathlib.Path(__file__).resolve().parent.parent
    target = root / "packages/peer/test/golden/language-model.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{target.relative_to(root)}: entropy {entropy.item()}, beside it {extra.item()}")


if __name__ == "__main__":
    main()
