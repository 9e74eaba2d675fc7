"""Makes packages/lru/test/golden/linear-scan.json with the official code of RecurrentGemma.

    python oracles/linear_scan.py --official DIR

DIR is a checkout of google-deepmind/recurrentgemma. Real and complex scans, in both directions, with and without a first
state, and their gradients by automatic differentiation, in float32. Complex numbers are the checkout's own type: with
JAX' complex64 and a first state its scan casts to real numbers.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import types
from unittest import mock

import numpy as np

B, T, E = 2, 9, 5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--official", type=pathlib.Path, required=True)
    official = parser.parse_args().official.resolve()
    sys.path.insert(0, str(official))
    import jaxtyping  # noqa: F401, it looks for typeguard while it is imported

    # The checkout wants an old version of the one, to check types while it runs, and the other for text.
    sys.modules["typeguard"] = types.SimpleNamespace(typechecked=lambda function: function)
    sys.modules["sentencepiece"] = mock.MagicMock()
    import jax
    import jax.numpy as jnp
    from recurrentgemma import common
    from recurrentgemma.jax import complex_lib, scan

    random = np.random.default_rng(20260101)
    arrays = {}

    def draw(name, shape, make=lambda values: values):
        value = make(random.standard_normal(shape)).astype(np.float32)
        arrays[name] = value
        return jnp.asarray(value)

    def case(name, parts, reverse, with_state, length=T):
        def inputs(of, shape, make=lambda values: values):
            return [draw(f"{name}/{of}{part}", shape, make) for part in parts]

        # Within the unit circle; below zero too, and zero, where a sequence begins anew.
        def gates(values):
            a = np.tanh(values) * (0.7 if len(parts) == 2 else 1)
            a[0, length // 2, :2] = 0
            return a

        given = [inputs("a", (B, length, E), gates), inputs("x", (B, length, E))]
        if with_state:
            given.append(inputs("h0", (B, E)))
        cotangents = inputs("dy", (B, length, E)), inputs("dLast", (B, E))

        def number(planes):
            return planes[0] if len(planes) == 1 else complex_lib.Complex(*planes)

        def planes(value):
            return [value] if len(parts) == 1 else [value.real, value.imag]

        def run(a, x, h0=None):
            y, last = scan.linear_scan(
                x=number(x),
                a=number(a),
                h0=None if h0 is None else number(h0),
                reverse=reverse,
                scan_type=common.ScanType.LINEAR_NATIVE,
            )
            return planes(y), planes(last)

        def loss(*arguments):
            outputs = run(*arguments)
            return sum(
                jnp.sum(value * weight)
                for values, weights in zip(outputs, cotangents)
                for value, weight in zip(values, weights)
            )

        def keep(of, values):
            for part, value in zip(parts, values):
                arrays[f"{name}/{of}{part}"] = np.asarray(value)

        y, last = run(*given)
        keep("y", y)
        keep("hLast", last)
        gradients = jax.grad(loss, argnums=tuple(range(len(given))))(*given)
        for of, gradient in zip(("da", "dx", "dh0"), gradients):
            keep(of, gradient)

    for kind, parts in (("real", ("",)), ("complex", ("Re", "Im"))):
        for reverse in (False, True):
            for with_state in (False, True):
                name = f"{kind}{'-reverse' if reverse else ''}{'-state' if with_state else ''}"
                case(name, parts, reverse, with_state)
    case("real-step", ("",), False, True, length=1)

    commit = subprocess.run(
        ["git", "-C", official, "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    meta = {
        "generator": "oracles/linear_scan.py",
        "official": f"google-deepmind/recurrentgemma@{commit}",
        "jax": jax.__version__,
    }
    golden = {
        name: {
            "dtype": str(value.dtype),
            "shape": list(value.shape),
            "data": value.astype(np.float64).ravel().tolist(),
        }
        for name, value in arrays.items()
    }
    root = pathlib.Path(__file__).resolve().parent.parent
    target = root / "packages/lru/test/golden/linear-scan.json"
    target.write_text(json.dumps({"meta": meta, "arrays": golden}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
