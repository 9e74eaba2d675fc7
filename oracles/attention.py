"""Makes packages/attention/test/golden/attention.json with PyTorch.

Rotary positions by the published equations (`rotate_half` of GPT-NeoX and Llama, `rotate_every_two` of GPT-J, both of transformers),
attention with masks, and self-attention of rows with padding on their left, positions and masks as transformers has them. In float64,
from numbers that float32 holds exactly, with gradients by autograd.
"""

import json
import pathlib

import numpy as np
import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

LOWEST = torch.finfo(torch.float32).min
ROTARY = [
    {},
    {"interleaved": True},
    {"dims": 4},
    {"dims": 4, "interleaved": True, "base": 500.0},
    {"factor": 4.0, "interleaved": True},
    {"dims": 6, "positions": [[0, 0, 1], [4, 1000, 2]]},
]
PADDED = {"heads": 2, "padding": [3, 0], "rotary": {"dims": 4, "interleaved": True}}

random = np.random.default_rng(20261129)


def draw(shape, scale=1.0):
    values = (scale * random.standard_normal(shape)).astype(np.float32)
    return torch.tensor(values.astype(np.float64), requires_grad=True)


def rotate_half(x):
    first, second = x.chunk(2, -1)
    return torch.cat([-second, first], -1)


def rotate_every_two(x):
    return torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)


def rotary(x, positions, dims=None, interleaved=False, base=10_000.0, factor=1.0):
    """x [rows, N, H, d], positions [rows or 1, N]."""
    dims = dims or x.shape[-1]
    frequencies = 1 / base ** (torch.arange(0, dims, 2, dtype=torch.float64) / dims)
    angles = (positions / factor)[:, :, None, None] * frequencies
    angles = angles.repeat_interleave(2, -1) if interleaved else torch.cat([angles, angles], -1)
    turned, rest = x[..., :dims], x[..., dims:]
    other = rotate_every_two(turned) if interleaved else rotate_half(turned)
    return torch.cat([turned * angles.cos() + other * angles.sin(), rest], -1)


def attention(q, k, v, mask=None):
    heads_first = [t.transpose(1, 2) for t in (q, k, v)]
    with sdpa_kernel(SDPBackend.MATH):
        y = functional.scaled_dot_product_attention(*heads_first, attn_mask=mask)
    return y.transpose(1, 2)


def array(tensor):
    tensor = tensor.detach()
    if tensor.dtype == torch.bool:
        return {"dtype": "bool", "shape": list(tensor.shape), "data": tensor.flatten().int().tolist()}
    return {"dtype": "float64", "shape": list(tensor.shape), "data": [float(f"{v:.9g}") for v in tensor.flatten().tolist()]}


def main():
    arrays = {}
    x, dy = draw([2, 3, 2, 8]), draw([2, 3, 2, 8])
    arrays |= {"rotary/x": array(x), "rotary/dy": array(dy)}
    for index, options in enumerate(ROTARY):
        options = dict(options)
        positions = torch.tensor(options.pop("positions", [[0, 1, 2]]), dtype=torch.float64)
        y = rotary(x, positions, **options)
        (dx,) = torch.autograd.grad(y, [x], dy)
        arrays |= {f"rotary/{index}/y": array(y), f"rotary/{index}/dx": array(dx)}

    q, k, v = draw([2, 2, 3, 4]), draw([2, 5, 3, 4]), draw([2, 5, 3, 2])
    dy = draw([2, 2, 3, 2])
    arrays |= {f"masks/{name}": array(t) for name, t in {"q": q, "k": k, "v": v, "dy": dy}.items()}
    seen = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 0]], dtype=torch.bool)
    bias = draw([2, 5])
    lowest = torch.where(seen, 0.0, LOWEST).double()
    masks = {
        "none": None,
        "keys": seen[:, None, None],
        "pairs": seen,
        "bias": bias,
        "lowest": torch.full((2, 5), LOWEST, dtype=torch.float64),
        "lowest of keys": lowest[:, None, None],
        "nothing": torch.full((2, 5), -torch.inf, dtype=torch.float64),
        "keys and bias": torch.where(seen, 0.0, -torch.inf)[:, None, None] + bias,
    }
    arrays |= {"masks/seen": array(seen), "masks/bias": array(bias)}
    for name, mask in masks.items():
        y = attention(q, k, v, mask)
        of = {"q": q, "k": k, "v": v, **({"bias": bias} if "bias" in name else {})}
        gradients = torch.autograd.grad(y, list(of.values()), dy)
        arrays[f"masks/{name}/y"] = array(y)
        arrays |= {f"masks/{name}/d{key}": array(g) for key, g in zip(of, gradients)}

    tokens, width, heads = 6, 12, PADDED["heads"]
    depth = width // heads
    x, dy = draw([2, tokens, width]), draw([2, tokens, width])
    params = {
        **{f"{name}/kernel": draw([width, heads, depth], 0.3) for name in ("query", "key", "value")},
        **{f"{name}/bias": draw([heads, depth]) for name in ("query", "key", "value")},
        "out/kernel": draw([heads, depth, width], 0.3),
        "out/bias": draw([width]),
    }
    real = torch.arange(tokens) >= torch.tensor(PADDED["padding"])[:, None]
    # As `generate` of transformers makes them.
    positions = (real.long().cumsum(-1) - 1).masked_fill(~real, 1)
    project = lambda name: torch.einsum("bnd,dhk->bnhk", x, params[f"{name}/kernel"]) + params[f"{name}/bias"]
    place = lambda y: rotary(y, positions.double(), **PADDED["rotary"])
    past = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    context = attention(place(project("query")), place(project("key")), project("value"), past & real[:, None, None])
    y = torch.einsum("bnhk,hkd->bnd", context, params["out/kernel"]) + params["out/bias"]
    dy = dy.detach() * real[..., None]
    gradients = torch.autograd.grad(y, [x, *params.values()], dy)
    arrays |= {"padded/x": array(x), "padded/y": array(y), "padded/dy": array(dy), "padded/seen": array(real)}
    arrays |= {f"padded/w/{name}": array(value) for name, value in params.items()}
    arrays |= {f"padded/g/{name}": array(g) for name, g in zip(["x", *params], gradients)}

    meta = {
        "generator": "oracles/attention.py",
        "torch": torch.__version__,
        "rotary": ROTARY,
        "padded": {**PADDED, "positions": positions.tolist()},
    }
    golden = pathlib.Path(__file__).parent.parent / "packages/attention/test/golden/attention.json"
    golden.write_text(json.dumps({"meta": meta, "arrays": arrays}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
