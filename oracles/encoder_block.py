"""Makes packages/attention/test/golden/encoder-block.json with PyTorch.

A pre-LN encoder block as flax' ViT has it, with learned positions in front, in float64 from numbers that
float32 holds exactly: the output, and by autograd the gradient of the input and of every parameter.
"""

import json
import pathlib

import numpy as np
import torch
from torch.nn import functional

ROWS, TOKENS, WIDTH, HEADS, MLP_WIDTH = 3, 5, 12, 3, 20
EPSILON = 1e-6
DEPTH = WIDTH // HEADS
ATTENTION = "MultiHeadDotProductAttention_0"
SHAPES = {
    "positions": [1, TOKENS, WIDTH],
    **{f"LayerNorm_{i}/{name}": [WIDTH] for i in (0, 1) for name in ("scale", "bias")},
    **{f"{ATTENTION}/{name}/kernel": [WIDTH, HEADS, DEPTH] for name in ("query", "key", "value")},
    **{f"{ATTENTION}/{name}/bias": [HEADS, DEPTH] for name in ("query", "key", "value")},
    f"{ATTENTION}/out/kernel": [HEADS, DEPTH, WIDTH],
    f"{ATTENTION}/out/bias": [WIDTH],
    "MlpBlock_0/Dense_0/kernel": [WIDTH, MLP_WIDTH],
    "MlpBlock_0/Dense_0/bias": [MLP_WIDTH],
    "MlpBlock_0/Dense_1/kernel": [MLP_WIDTH, WIDTH],
    "MlpBlock_0/Dense_1/bias": [WIDTH],
}


def encoder_block(x, params):
    def norm(y, name):
        scale, bias = params[f"{name}/scale"], params[f"{name}/bias"]
        return functional.layer_norm(y, [WIDTH], scale, bias, EPSILON)

    def heads(y, name):
        kernel, bias = params[f"{ATTENTION}/{name}/kernel"], params[f"{ATTENTION}/{name}/bias"]
        return torch.einsum("bnd,dhk->bhnk", y, kernel) + bias[:, None, :]

    y = norm(x, "LayerNorm_0")
    context = functional.scaled_dot_product_attention(
        heads(y, "query"), heads(y, "key"), heads(y, "value")
    )
    out = torch.einsum("bhnk,hkd->bnd", context, params[f"{ATTENTION}/out/kernel"])
    x = x + out + params[f"{ATTENTION}/out/bias"]
    y = norm(x, "LayerNorm_1")
    y = y @ params["MlpBlock_0/Dense_0/kernel"] + params["MlpBlock_0/Dense_0/bias"]
    y = functional.gelu(y, approximate="tanh")
    return x + y @ params["MlpBlock_0/Dense_1/kernel"] + params["MlpBlock_0/Dense_1/bias"]


def main():
    random = np.random.default_rng(20260102)

    def draw(shape, scale=1.0, mean=0.0):
        values = (mean + scale * random.standard_normal(shape)).astype(np.float32)
        return torch.tensor(values.astype(np.float64), requires_grad=True)

    x = draw([ROWS, TOKENS, WIDTH])
    params = {
        name: draw(shape, 0.3, 1.0 if name.endswith("scale") else 0.0)
        for name, shape in SHAPES.items()
    }
    dy = draw([ROWS, TOKENS, WIDTH]).detach()
    y = encoder_block(x + params["positions"], params)
    y.backward(dy)

    arrays = {}

    def record(name, tensor):
        value = tensor.detach().numpy()
        arrays[name] = {
            "dtype": "float64",
            "shape": list(value.shape),
            "data": value.ravel().tolist(),
        }

    record("x", x)
    record("dy", dy)
    record("y", y)
    record("dx", x.grad)
    for name, param in params.items():
        record(f"w/{name}", param)
        record(f"g/{name}", param.grad)

    golden = {
        "meta": {
            "generator": "oracles/encoder_block.py",
            "torch": torch.__version__,
            "numpy": np.__version__,
            "heads": HEADS,
            "epsilon": EPSILON,
        },
        "arrays": arrays,
    }
    root = pathlib.Path(__file__).resolve().parent.parent
    target = root / "packages/attention/test/golden/encoder-block.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{target.relative_to(root)}: y has norm {y.norm().item()}")


if __name__ == "__main__":
    main()
