"""What a case of the sweep is, and what its numbers are: the value, the gradient and the second gradient.

A reference computes in float64. Its gradients are central differences of it, so that no other library's
gradients are taken for right.
"""

import dataclasses
import json
import zlib
from typing import Any, Callable

import numpy as np

# Outputs of more numbers than these are compared at that many places.
MOST_NUMBERS = 400


def weights(size, start=0):
    """Of the outputs: the gradient is that of the weighted sum of all numbers."""
    k = np.arange(start, start + size, dtype=np.int64)
    return ((k * 7919) % 101 - 50) / 32


def direction(size, start=0):
    """In the inputs: the second gradient is that of the derivative along it."""
    k = np.arange(start, start + size, dtype=np.int64)
    return ((k * 104729) % 97 - 48) / 32


@dataclasses.dataclass(frozen=True)
class Pattern:
    """An input too long to be written down: ((i * factor) % modulus - offset) / divisor."""

    shape: list
    factor: int
    modulus: int
    offset: int
    divisor: int
    dtype: str = "float32"

    def array(self):
        i = np.arange(int(np.prod(self.shape)), dtype=np.int64)
        values = ((i * self.factor) % self.modulus - self.offset) / self.divisor
        kind = np.int64 if self.dtype == "int32" else np.float64
        return values.astype(kind).reshape(self.shape)


class Values:
    """Numbers of a case, which float32 holds exactly: multiples of 1/64, other ones for each case."""

    def __init__(self, name):
        self.random = np.random.default_rng(zlib.crc32(name.encode()))

    def normal(self, *shape, low=-3.0, high=3.0):
        return np.float32(np.round(self.random.uniform(low, high, shape) * 64) / 64)

    def apart(self, *shape, step=0.25, offset=0.0):
        """No two of them are closer than `step`, so that none overtakes another in a difference."""
        size = int(np.prod(shape))
        return np.float32((self.random.permutation(size) - size // 2) * step + offset).reshape(shape)

    def whole(self, low, high, *shape):
        return self.random.integers(low, high, shape).astype(np.int32)

    def truth(self, *shape):
        return self.random.integers(0, 2, shape).astype(bool)


CASES = []


def add(
    op: str,
    name: str,
    inputs: list,
    reference: Callable,
    *args: Any,
    call: list | None = None,
    gradient: bool = True,
    second: bool = True,
    kinks: bool = False,
    relative: bool = False,
    rtol: float | None = None,
):
    """A case of the function `op` of TensorFlow.js.

    `call` are its arguments, "$0" the first input, or a list of such, {"complex": ["$0", "$1"]} a complex one, {"cast": "$0"} one cast
    to float32; by default the inputs, then `args`. `gradient` False where the op has none by what it is, `second` where the second
    one is not compared. `kinks`: not differentiable at these inputs, so that the gradient is only held between the
    derivatives from both sides. `relative`: each number is compared to its own size.
    """
    arguments = call if call is not None else [f"${i}" for i in range(len(inputs))] + list(args)
    CASES.append((op, name, inputs, reference, arguments, gradient, second, kinks, relative, rtol))


def as_arrays(inputs):
    def one(x):
        if isinstance(x, Pattern):
            return x.array()
        x = np.asarray(x)
        if x.dtype == np.float32:
            return x.astype(np.float64)
        return x.astype(np.int64) if x.dtype == np.int32 else x

    return [one(x) for x in inputs]


def outputs_of(reference, arrays):
    result = reference(*arrays)
    return [np.asarray(y) for y in (result if isinstance(result, (list, tuple)) else [result])]


def floats_of(outputs):
    """What the weighted sum is of: floating-point outputs, the parts of complex ones side by side."""
    parts = []
    for y in outputs:
        if np.iscomplexobj(y):
            parts += [y.real, y.imag]
        elif y.dtype.kind == "f":
            parts.append(y)
    return parts


def weighted_sum(reference, arrays):
    total, start = 0.0, 0
    for y in floats_of(outputs_of(reference, arrays)):
        total += float(np.dot(weights(y.size, start), y.ravel()))
        start += y.size
    return total


def moved(arrays, places, steps):
    """The arrays with the flat number of each place moved by a step."""
    result = [a.copy() if i in {p for p, _ in places} else a for i, a in enumerate(arrays)]
    for (i, k), step in zip(places, steps):
        result[i].reshape(-1)[k] += step
    return result


def derivative(f, h):
    """f'(0) by central differences of fourth order."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


def differentiable(arrays):
    return [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]


def scale_of(value):
    return min(max(abs(value), 0.25), 4)


def gradients(reference, arrays, part=1.0):
    result = []
    for i in differentiable(arrays):
        flat = arrays[i].reshape(-1)
        result.append(
            [
                derivative(
                    lambda step: weighted_sum(reference, moved(arrays, [(i, k)], [step])),
                    part * 5e-4 * scale_of(flat[k]),
                )
                for k in range(flat.size)
            ]
        )
    return result


def second_gradients(reference, arrays, part=1.0):
    """The gradient of the derivative along `direction`."""
    indices = differentiable(arrays)
    ways, start = {}, 0
    for i in indices:
        ways[i] = direction(arrays[i].size, start).reshape(arrays[i].shape)
        start += arrays[i].size
    size = min((scale_of(x) for i in indices for x in arrays[i].ravel()), default=1)

    def along(xs):
        return derivative(
            lambda step: weighted_sum(
                reference, [x + step * ways[i] if i in ways else x for i, x in enumerate(xs)]
            ),
            part * 2e-3 * min(size, 1),
        )

    return [
        [
            derivative(lambda step: along(moved(arrays, [(i, k)], [step])), part * 2e-3 * scale_of(x))
            for k, x in enumerate(arrays[i].reshape(-1))
        ]
        for i in indices
    ]


def one_sided(reference, arrays):
    """Ways along the inputs, and between what the derivative along each of them must be."""
    indices = differentiable(arrays)
    sizes = [arrays[i].size for i in indices]
    total, h = sum(sizes), 1e-6
    random = np.random.default_rng(5)
    ways = [np.eye(total)[k] for k in range(total)] + [np.ones(total)]
    ways += [random.integers(-2, 3, total).astype(np.float64) for _ in range(4)]
    base, bounds = weighted_sum(reference, arrays), []
    for way in ways:

        def at(step):
            parts = np.split(way, np.cumsum(sizes)[:-1])
            by = dict(zip(indices, parts))
            return weighted_sum(
                reference,
                [x + step * by[i].reshape(x.shape) if i in by else x for i, x in enumerate(arrays)],
            )

        sides = [(at(h) - base) / h, (base - at(-h)) / h]
        bounds.append({"way": way.astype(int).tolist(), "low": min(sides), "high": max(sides)})
    return bounds


def short(value):
    """Nine digits, which is more than float32 holds."""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    if not np.isfinite(value):
        return {np.inf: "Infinity", -np.inf: "-Infinity"}.get(value, "NaN")
    rounded = float(f"{value:.9g}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded


def numbers(values):
    return [short(v) for v in np.asarray(values).ravel()]


def dtype_of(array):
    kinds = {"f": "float32", "i": "int32", "u": "int32", "b": "bool", "c": "complex64"}
    return kinds[array.dtype.kind]


def described_input(x):
    if isinstance(x, Pattern):
        return {
            "shape": list(x.shape),
            "dtype": x.dtype,
            "pattern": [x.factor, x.modulus, x.offset, x.divisor],
        }
    x = np.asarray(x)
    return {"shape": list(x.shape), "dtype": dtype_of(x), "data": numbers(x)}


def described_output(y):
    flat = y.ravel()
    if np.iscomplexobj(y):
        flat = np.stack([flat.real, flat.imag], -1).ravel()
    every = max(1, -(-flat.size // MOST_NUMBERS))
    described = {"shape": list(y.shape), "dtype": dtype_of(y), "data": numbers(flat[::every])}
    return described if every == 1 else {**described, "every": every}


def steady(what, once, again):
    """Differences with two steps must agree: else a corner is near, and the case is to be moved or to say so."""
    for a, b in zip(once, again):
        if np.max(np.abs(np.subtract(a, b))) > 1e-5 * (1 + np.max(np.abs(a))):
            raise SystemExit(f"{what}: differences depend on their step; a corner is near")
    return once


def described(case):
    op, name, inputs, reference, arguments, gradient, second, kinks, relative, rtol = case
    arrays = as_arrays(inputs)
    outputs = outputs_of(reference, arrays)
    result = {
        "op": op,
        "name": name,
        "inputs": [described_input(x) for x in inputs],
        "args": arguments,
        "outputs": [described_output(y) for y in outputs],
    }
    if relative:
        result["relative"] = True
    if rtol is not None:
        result["rtol"] = rtol
    short_inputs = not any(isinstance(x, Pattern) for x in inputs)
    if gradient and short_inputs and differentiable(arrays) and floats_of(outputs):
        if kinks:
            result["bounds"] = [
                {**b, "low": short(b["low"]), "high": short(b["high"])}
                for b in one_sided(reference, arrays)
            ]
        else:
            first = [gradients(reference, arrays, part) for part in (1, 0.6)]
            result["gradients"] = [numbers(g) for g in steady(f"{op}, {name}", *first)]
            if second:
                # What differences leave of a zero.
                then = [second_gradients(reference, arrays, part) for part in (1, 0.6)]
                result["seconds"] = [
                    [short(0.0 if abs(v) < 1e-6 else v) for v in g]
                    for g in steady(f"{op}, {name}, second", *then)
                ]
    return result


def write(path):
    lines = ",\n".join(json.dumps(described(case), separators=(",", ":")) for case in CASES)
    path.write_text(f"[\n{lines}\n]\n")
