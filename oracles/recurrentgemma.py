"""Makes the files official-*.npz in packages/lru/test/golden with the official code of RecurrentGemma.

    python oracles/recurrentgemma.py --official DIR [--check]

DIR is a checkout of google-deepmind/recurrentgemma. Parameters, inputs and the weights of the sums whose gradients are taken are
random numbers that stay as they are in the files; what the official code makes of them is computed anew, in float32. With --check
nothing is written, and it fails where a committed number is further away than rounding.
"""

import argparse
import pathlib
import re
import sys
import types
from unittest import mock

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "packages/lru/test/golden"
# How far two versions of the libraries may round apart, as a share of the array's largest magnitude.
ROUNDING = 1e-5
# Where 1 - a² has lost its digits.
LOST = 5e-4
GIVEN = re.compile(r"(p/.*|x|a|h0|cache0|segment_pos|ct_\w+)(_re|_im)?")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--official", type=pathlib.Path, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.official.resolve()))
    import jaxtyping  # noqa: F401, it looks for typeguard while it is imported

    # RecurrentGemma wants an old version of the one, to check types while it runs, and the other for text.
    sys.modules["typeguard"] = types.SimpleNamespace(typechecked=lambda function: function)
    sys.modules["sentencepiece"] = mock.MagicMock()
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")
    made = {
        "scan": scan_case,
        "rg-lru-cases": unit_case,
        "rg-lru-grad": unit_case,
        "griffin-block": block_case,
    }
    for file, case in made.items():
        path = GOLDEN / f"official-{file}.npz"
        with np.load(path) as arrays:
            committed = {name: arrays[name] for name in arrays.files}
        groups = {}
        for name, value in committed.items():
            if name == "notes.json":
                continue
            # The one file without cases has the gradients of the sum of squares.
            group, _, rest = ("", "", name) if file == "rg-lru-grad" else name.partition("/")
            groups.setdefault(group, {})[rest] = value
        results = {}
        for group, values in groups.items():
            given = {name: value for name, value in values.items() if GIVEN.fullmatch(name)}
            outputs = {name: np.asarray(value) for name, value in case(group, given).items()}
            missing = set(values) ^ set(given) ^ set(outputs)
            if missing:
                sys.exit(f"official-{file}.npz, {group}: {sorted(missing)} are in one of both alone")
            prefix = f"{group}/" if group else ""
            results |= {f"{prefix}{name}": value for name, value in outputs.items()}
        if arguments.check:
            check(file, results, committed)
        else:
            np.savez_compressed(path, **{**committed, **results})


def check(file, results, committed):
    furthest = 0
    for name, value in results.items():
        expected = committed[name]
        distance = np.abs(value - expected).max() / max(np.abs(expected).max(), 1e-30)
        if distance > (LOST if name.startswith("clip/") else ROUNDING):
            sys.exit(f"official-{file}.npz, {name}: {distance:.1e} of the largest number away")
        furthest = max(furthest, distance)
    print(f"official-{file}.npz: {len(results)} arrays, at most {furthest:.1e} away")


def weighted(pairs):
    import jax.numpy as jnp

    return sum(jnp.sum(value * weight) for value, weight in pairs)


def scan_case(group, given):
    """Real numbers, or the real and imaginary parts as the checkout's own complex numbers."""
    import jax
    from recurrentgemma import common
    from recurrentgemma.jax import complex_lib, scan

    parts = ("_re", "_im") if "x_re" in given else ("",)
    names = [f"{of}{part}" for of in ("a", "x", "h0") for part in parts if f"{of}{part}" in given]

    def number(inputs, of):
        planes = [inputs[f"{of}{part}"] for part in parts if f"{of}{part}" in inputs]
        if not planes:
            return None
        return planes[0] if len(planes) == 1 else complex_lib.Complex(*planes)

    def run(*values):
        inputs = dict(zip(names, values))
        y, last = scan.linear_scan(
            **{of: number(inputs, of) for of in ("x", "a", "h0")},
            reverse="rev" in group,
            scan_type=common.ScanType.LINEAR_NATIVE,
        )
        outputs = {}
        for of, value in (("y", y), ("h_last", last)):
            planes = [value] if len(parts) == 1 else [value.real, value.imag]
            outputs |= {f"{of}{part}": plane for part, plane in zip(parts, planes)}
        return outputs

    def loss(*values):
        return weighted((value, given[f"ct_{of}"]) for of, value in run(*values).items())

    values = [given[name] for name in names]
    gradients = jax.grad(loss, argnums=tuple(range(len(names))))(*values)
    return {**run(*values), **{f"d{name}": value for name, value in zip(names, gradients)}}


def unit_case(group, given):
    """The recurrent unit, or the convolution, of which single frames come one by one from a first state."""
    import jax
    import jax.numpy as jnp
    from recurrentgemma import common
    from recurrentgemma.jax import layers

    class ComplexRGLRU(layers.RGLRU):
        def use_custom_complex(self, real_dtype):
            return True

    params = {name[2:]: value for name, value in given.items() if name.startswith("p/")}
    width = given["x"].shape[-1]
    if group.startswith("conv"):
        unit, state_name = layers.Conv1D(width=width, temporal_width=len(params["w"])), "cache"
    else:
        kind = ComplexRGLRU if group == "complex" else layers.RGLRU
        unit = kind(
            width=width,
            num_heads=len(params["a_gate/b"]),
            scan_type=common.ScanType.LINEAR_NATIVE,
            only_real="a_imag_param" not in params,
        )
        state_name = "h_last"
    first = "cache0" if group == "conv_step" else "h0"
    positions = given.get("segment_pos")
    if positions is None:
        positions = np.tile(np.arange(given["x"].shape[1]), (len(given["x"]), 1))

    def run(params, x, state):
        variables = {"params": tree(params)}
        if group != "conv_step":
            y, last = unit.apply(variables, x, positions, state)
            return {"y": y, state_name: last}
        ys, states = [], []
        for step in range(x.shape[1]):
            now = slice(step, step + 1)
            y, state = unit.apply(variables, x[:, now], positions[:, now], state)
            ys.append(y)
            states.append(state)
        return {"y": jnp.concatenate(ys, 1), "caches": jnp.stack(states)}

    def loss(params, x, state):
        outputs = run(params, x, state)
        if not group:
            return jnp.sum(outputs["y"] ** 2)
        return weighted((value, given[f"ct_{of}"]) for of, value in outputs.items())

    state = given.get(first)
    outputs = run(params, given["x"], state)
    if not group:
        del outputs[state_name]
    wanted = (0, 1) if state is None else (0, 1, 2)
    gradients = jax.grad(loss, argnums=wanted)(params, given["x"], state)
    if state is not None:
        outputs[f"d{first}"] = gradients[2]
    return {**outputs, "dx": gradients[1], **{f"g/{of}": value for of, value in gradients[0].items()}}


def block_case(group, given):
    """A block on a whole clip from no state, its gradients, and the clip frame by frame from a state of zeros."""
    import jax
    import jax.numpy as jnp
    from recurrentgemma import common
    from recurrentgemma.jax import modules

    params = {name[2:]: value for name, value in given.items() if name.startswith("p/")}
    below = "" if group == "recurrent" else "recurrent_block/"
    batch, steps, width = given["x"].shape
    lru_width = len(params[f"{below}linear_x/bias"])
    heads = len(params[f"{below}rg_lru/a_gate/b"])
    sizes = {
        "width": width,
        "num_heads": heads,
        "lru_width": lru_width,
        "conv1d_temporal_width": len(params[f"{below}conv_1d/w"]),
        "scan_type": common.ScanType.LINEAR_NATIVE,
    }
    if group == "recurrent":
        block = modules.RecurrentBlock(**sizes)
    else:
        block = modules.ResidualBlock(
            **sizes,
            mlp_expanded_width=len(params["mlp_block/ffw_down/kernel"]),
            attention_window_size=1,
            temporal_block_type=common.TemporalBlockType.RECURRENT,
        )

    def run(params, x, positions, state):
        return block.apply({"params": tree(params)}, x, positions, state)

    def loss(params, x):
        return jnp.sum(run(params, x, given["segment_pos"], None)[0] * given["ct_y"])

    y, last = run(params, given["x"], given["segment_pos"], None)
    gradients = jax.grad(loss, argnums=(0, 1))(params, given["x"])
    taps = sizes["conv1d_temporal_width"]
    zeros = (np.zeros((batch, lru_width), np.float32), np.zeros((batch, taps - 1, lru_width), np.float32))
    state, ys, states = modules.RecurrentBlockCache(*zeros), [], []
    for step in range(steps):
        now = slice(step, step + 1)
        frame, state = run(params, given["x"][:, now], given["segment_pos"][:, now], state)
        ys.append(frame)
        states.append(state)
    return {
        "y": y,
        **{name: getattr(last, name) for name in ("rg_lru_state", "conv1d_state")},
        "stream_y": jnp.concatenate(ys, 1),
        **{
            f"stream_{name}": jnp.stack([getattr(state, name) for state in states])
            for name in ("rg_lru_state", "conv1d_state")
        },
        "dx": gradients[1],
        **{f"g/{of}": value for of, value in gradients[0].items()},
    }


def tree(params):
    import flax

    return flax.traverse_util.unflatten_dict(params, sep="/")


if __name__ == "__main__":
    main()
