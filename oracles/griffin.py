"""Makes rg-lru.json, temporal-conv.json and griffin-blocks.json in packages/lru/test/golden with the official code of
RecurrentGemma.

    python oracles/griffin.py --official DIR

DIR is a checkout of google-deepmind/recurrentgemma. Outputs, states and gradients by automatic differentiation, in float32.
The complex recurrent unit computes with the checkout's own complex numbers, as on a TPU: with JAX' complex64 and a first
state its scan casts to real numbers.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import types
from unittest import mock

import numpy as np

B, T, WIDTH, HEADS = 3, 7, 8, 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--official", type=pathlib.Path, required=True)
    official = parser.parse_args().official.resolve()
    sys.path.insert(0, str(official))
    import jaxtyping  # noqa: F401, it looks for typeguard while it is imported

    # The checkout wants an old version of the one, to check types while it runs, and the other for text.
    sys.modules["typeguard"] = types.SimpleNamespace(typechecked=lambda function: function)
    sys.modules["sentencepiece"] = mock.MagicMock()
    import flax
    import jax
    import jax.numpy as jnp
    from recurrentgemma import common
    from recurrentgemma.jax import layers, modules

    jax.config.update("jax_default_matmul_precision", "highest")
    native = common.ScanType.LINEAR_NATIVE
    random = np.random.default_rng(20260301)

    class ComplexRGLRU(layers.RGLRU):
        def use_custom_complex(self, real_dtype):
            return True

    def deviation(name):
        if name.endswith("a_param"):
            return 2.0
        return 0.3 if name.split("/")[-1] in ("b", "bias", "scale") else 0.5

    def draw_params(module, *inputs):
        shapes = jax.eval_shape(lambda: module.init(jax.random.key(0), *inputs))["params"]
        flat = flax.traverse_util.flatten_dict(shapes, sep="/")
        params = {
            name: (deviation(name) * random.standard_normal(shape.shape)).astype(np.float32)
            for name, shape in flat.items()
        }
        for name in params:
            # Eigenvalues from 0.05 to 0.999.
            if name.endswith("a_param"):
                params[name] -= 3
        return params

    def number(shape):
        return random.standard_normal(shape).astype(np.float32)

    def case(arrays, name, module, x, segment_pos, state=None, change_params=None):
        """Outputs, last states and the gradients of sum(dy y) + sum(dState state) over all states."""
        segment_pos = np.asarray(segment_pos, np.int32)
        params = draw_params(module, x, segment_pos)
        if change_params:
            change_params(params)

        def run(params, x, state):
            tree = flax.traverse_util.unflatten_dict(params, sep="/")
            return module.apply({"params": tree}, x, segment_pos, state)

        y, last = run(params, x, state)
        dy = number(y.shape)
        weights = jax.tree.map(lambda value: number(value.shape), last)

        def loss(params, x, state):
            y, last = run(params, x, state)
            terms = jax.tree.map(lambda value, weight: jnp.sum(value * weight), last, weights)
            return jnp.sum(y * dy) + sum(jax.tree.leaves(terms))

        wanted = (0, 1) if state is None else (0, 1, 2)
        gradients = jax.grad(loss, argnums=wanted)(params, x, state)

        def keep(of, value):
            # The cache of a block is a tuple of the recurrent unit's and the convolution's.
            if isinstance(value, tuple):
                keep(f"{of}RgLru", value[0])
                keep(f"{of}Conv", value[1])
            else:
                arrays[f"{name}/{of}"] = np.asarray(value)

        for of, value in (("x", x), ("segmentPos", segment_pos), ("dy", dy), ("y", y)):
            keep(of, value)
        keep("last", last)
        keep("dLast", weights)
        if state is not None:
            keep("state", state)
            keep("dState", gradients[2])
        keep("dx", gradients[1])
        for of, value in params.items():
            keep(f"p/{of}", value)
            keep(f"g/{of}", gradients[0][of])

    from_zero = np.tile(np.arange(T), (B, 1))
    # Restarts in the middle of one row and at the start of another; the third goes on. The last three steps of no row
    # have one, since the convolution's cache of the official code keeps what lies before it.
    restarts = np.array(
        [[5, 6, 0, 1, 2, 3, 4], [0, 1, 2, 0, 1, 2, 3], [9, 10, 11, 12, 13, 14, 15]]
    )

    rg_lru = {}
    real = layers.RGLRU(width=WIDTH, num_heads=HEADS, scan_type=native)
    complex_unit = ComplexRGLRU(
        width=WIDTH, num_heads=HEADS, scan_type=native, only_real=False, min_rad=0.5
    )
    for kind, unit in (("real", real), ("complex", complex_unit)):
        case(rg_lru, kind, unit, number((B, T, WIDTH)), from_zero)
        case(rg_lru, f"{kind}-state", unit, number((B, T, WIDTH)), restarts, number((B, WIDTH)))
        case(rg_lru, f"{kind}-step", unit, number((B, 1, WIDTH)), restarts[:, :1], number((B, WIDTH)))

    def towards_one(params):
        params["a_param"][:3] = -30, -25, -20

    # Of eigenvalues so close to 1 that 1 - a² is 0 in float32.
    case(
        rg_lru,
        "real-clip",
        real,
        number((B, T, WIDTH)),
        restarts,
        number((B, WIDTH)),
        change_params=towards_one,
    )

    conv = {}
    module = layers.Conv1D(width=WIDTH, temporal_width=4)
    case(conv, "whole", module, number((B, T, WIDTH)), from_zero)
    case(conv, "restarts", module, number((B, T, WIDTH)), restarts)
    case(conv, "short", module, number((B, 2, WIDTH)), from_zero[:, :2])
    case(
        conv,
        "step",
        module,
        number((B, 1, WIDTH)),
        np.full((B, 1), 3),
        number((B, 3, WIDTH)),
    )

    blocks = {}
    recurrent = modules.RecurrentBlock(
        width=WIDTH, num_heads=HEADS, lru_width=2 * WIDTH, scan_type=native
    )

    def residual(use_mlp):
        return modules.ResidualBlock(
            width=WIDTH,
            mlp_expanded_width=3 * WIDTH,
            num_heads=HEADS,
            attention_window_size=1,
            temporal_block_type=common.TemporalBlockType.RECURRENT,
            lru_width=2 * WIDTH,
            scan_type=native,
            use_mlp=use_mlp,
        )

    def cache():
        return modules.RecurrentBlockCache(number((B, 2 * WIDTH)), number((B, 3, 2 * WIDTH)))

    for kind, block in (
        ("recurrent", recurrent),
        ("residual", residual(False)),
        ("residual-mlp", residual(True)),
    ):
        case(blocks, kind, block, number((B, T, WIDTH)), restarts)
        step = number((B, 1, WIDTH))
        case(blocks, f"{kind}-step", block, step, np.full((B, 1), 3), cache())

    commit = subprocess.run(
        ["git", "-C", official, "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    meta = {
        "generator": "oracles/griffin.py",
        "official": f"google-deepmind/recurrentgemma@{commit}",
        "jax": jax.__version__,
        "flax": flax.__version__,
    }
    root = pathlib.Path(__file__).resolve().parent.parent
    for name, arrays in (("rg-lru", rg_lru), ("temporal-conv", conv), ("griffin-blocks", blocks)):
        golden = {
            of: {
                "dtype": str(value.dtype),
                "shape": list(value.shape),
                "data": value.astype(np.float64).ravel().tolist(),
            }
            for of, value in arrays.items()
        }
        target = root / f"packages/lru/test/golden/{name}.json"
        text = json.dumps({"meta": meta, "arrays": golden}, separators=(",", ":"))
        target.write_text(text + "\n")


if __name__ == "__main__":
    main()
