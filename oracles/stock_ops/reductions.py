"""Sums, products, extremes, cumulative ones, softmax, norms, and losses."""

import numpy as np
from scipy import special

from sweep import Pattern, Values, add

AXES = [("all", None), ("the first axis", 0), ("the last axis", -1), ("the middle axis", 1), ("two axes", [0, 2]), ("two axes from the end", [-1, -3])]


def axis_of(axis):
    return tuple(axis) if isinstance(axis, list) else axis


def over_axes(op, f, make, int_f=None, **options):
    for name, axis in AXES:
        args = [] if axis is None else [axis]
        add(op, name, [make(Values(op + name))], lambda x, a=axis_of(axis): f(x, axis=a), *args, **options)
    add(op, "kept", [make(Values(op + "kept"))], lambda x: f(x, axis=1, keepdims=True), 1, True, **options)
    add(op, "one number", [np.float32([[1.5]])], lambda x: f(x, axis=1), 1, **options)
    if int_f:
        whole = Values(op + "int").whole(-4, 5, 3, 5)
        add(op, "int32", [whole], lambda x: int_f(x, axis=0), 0)
        add(op, "int32, all", [whole], lambda x: int_f(x, axis=None))


def plain():
    normal = lambda v: v.normal(2, 3, 5)
    over_axes("sum", np.sum, normal, np.sum)
    over_axes("mean", np.mean, normal, lambda x, axis: np.mean(x.astype(np.float64), axis=axis))
    over_axes("prod", np.prod, lambda v: v.normal(2, 3, 2, low=0.5, high=1.5), np.prod)
    add("prod", "signs", [np.float32([[-1.5, 2, -0.5], [1, -1, 2]])], lambda x: np.prod(x, -1), -1)
    add("prod", "one zero", [np.float32([[-1.5, 0, -0.5], [1, -1, 2]])], lambda x: np.prod(x, -1), -1)
    add("prod", "two zeros", [np.float32([[-1.5, 0, 0], [0, 0, 0]])], lambda x: np.prod(x, 1), 1)
    add("sum", "bool", [np.array([[True, True, False], [False, True, True]])], lambda x: x.sum(0).astype(np.int64), 0)
    add("prod", "bool", [np.array([[True, True], [False, True]])], lambda x: x.prod(0).astype(np.int64), 0)
    add("sum", "ten million", [Pattern([10000000], 7919, 1009, 400, 64)], np.sum)
    add("mean", "ten million", [Pattern([10000000], 7919, 1009, 400, 64)], np.mean)
    add("sum", "a long first axis", [Pattern([200000, 7], 7919, 1009, 400, 64)], lambda x: np.sum(x, 0), 0)
    add("sum", "long rows", [Pattern([5, 200001], 7919, 1009, 400, 64)], lambda x: np.sum(x, 1), 1)
    for op, f in {"max": np.max, "min": np.min}.items():
        over_axes(op, f, lambda v: v.apart(2, 3, 5), f)
        sign = -1 if op == "max" else 1
        add(op, "all on one side of 0", [np.float32(sign) * (np.abs(Values(op).apart(2, 5)) + 0.5)], lambda x, f=f: f(x, 1), 1, kinks=True)
        add(op, "ties", [np.float32([[1, 3, 3, 0], [2, 2, 2, 2]])], lambda x, f=f: f(x, 1), 1, kinks=True)
        add(op, "long rows", [Pattern([5, 20001], 7919, 30011, 15000, 64)], lambda x, f=f: f(x, 1), 1)
        add(op, "bool", [np.array([[True, True], [False, True]])], lambda x, f=f: f(x, 0), 0)
    for op, f in {"argMax": np.argmax, "argMin": np.argmin}.items():
        make = Values(op)
        for name, axis in [("the first axis", 0), ("the last axis", -1), ("the middle axis", 1)]:
            add(op, name, [make.apart(2, 3, 5)], lambda x, a=axis, f=f: f(x, axis=a), axis)
        add(op, "ties", [np.float32([[1, 3, 3, 0], [2, 2, 2, 2]])], lambda x, f=f: f(x, 1), 1)
        add(op, "negative", [-np.abs(make.apart(2, 5, offset=20))], lambda x, f=f: f(x, 1), 1)
        add(op, "int32", [make.whole(-50, 50, 2, 9)], lambda x, f=f: f(x, 1), 1)
        add(op, "long", [Pattern([3, 20001], 7919, 30011, 15000, 64)], lambda x, f=f: f(x, 1), 1)
    for op, f in {"all": np.all, "any": np.any}.items():
        x = np.array([[[True, True], [False, True]], [[False, False], [True, True]]])
        for name, axis in [("all", None), ("the last axis", -1), ("two axes", [0, 2])]:
            add(op, name, [x], lambda x, a=axis_of(axis), f=f: f(x, axis=a), *([] if axis is None else [axis]))
        add(op, "kept", [x], lambda x, f=f: f(x, axis=1, keepdims=True), 1, True)


def norms():
    def euclidean(x, axis=None, keepdims=False):
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))

    normal = lambda v: v.normal(2, 3, 5)
    for name, axis in AXES:
        args = [] if axis is None else [axis]
        add("euclideanNorm", name, [normal(Values(name))], lambda x, a=axis_of(axis): euclidean(x, a), *args)
    x = lambda: [Values("norm").apart(3, 4, step=0.375, offset=0.125)]
    for name, order, f in [
        ("1", 1, lambda x: np.sum(np.abs(x), -1)),
        ("2", 2, lambda x: euclidean(x, -1)),
        ("euclidean", "euclidean", lambda x: euclidean(x, -1)),
        ("largest", "Infinity", lambda x: np.max(np.abs(x), -1)),
        ("smallest", "-Infinity", lambda x: np.min(np.abs(x), -1)),
    ]:
        kinks = name in {"largest", "smallest"}
        add("norm", name, x(), f, order, -1, kinks=kinks)
    add("norm", "of a matrix", x(), lambda x: euclidean(x), "fro", [0, 1])
    add("norm", "1 of a matrix", x(), lambda x: np.max(np.sum(np.abs(x), 0)), 1, [0, 1], kinks=True)
    v = Values("matrices")
    for order, how in [(1, 1), ("Infinity", np.inf), ("-Infinity", -np.inf), ("euclidean", "fro")]:
        for axis in [[0, 2], [-2, -1], [-3, -1], [0, -2], [-3, 2]]:
            f = lambda x, o=how, a=tuple(axis): np.linalg.norm(x, o, a)
            add("norm", f"{order} of matrices, {axis}", [v.normal(2, 3, 4)], f, order, axis, kinks=order != "euclidean")
    add("norm", "of matrices, kept", [v.normal(2, 3, 4)], lambda x: np.linalg.norm(x, 1, (-2, -1), True), 1, [-2, -1], True, kinks=True)
    add("norm", "a row of zeros", [np.float32([[0, 0, 0], [3, 0, -4]])], lambda x: euclidean(x, 1), 2, 1, kinks=True)
    add("norm", "of zeros", [np.float32([0, 0, 0])], lambda x: euclidean(x), gradient=False)
    for name, axis in AXES[1:]:
        a = axis_of(axis)
        add("logSumExp", name, [normal(Values(name))], lambda x, a=a: special.logsumexp(x, axis=a), axis)
        add("moments", name, [normal(Values(name))], lambda x, a=a: [np.mean(x, axis=a), np.var(x, axis=a)], axis)
    add("logSumExp", "far out", [np.float32([[-1000, -1001], [1000, 1001]])], lambda x: special.logsumexp(x, axis=1), 1)
    add("moments", "equal numbers far from 0", [np.full((2, 9), 100.125, np.float32)], lambda x: [np.mean(x, 1), np.var(x, 1)], 1, second=False)
    for op, f in {"softmax": special.softmax, "logSoftmax": special.log_softmax}.items():
        add(op, "rows", [Values(op).normal(3, 5)], lambda x, f=f: f(x, axis=-1))
        add(op, "one column", [Values(op).normal(3, 1)], lambda x, f=f: f(x, axis=-1))
        add(op, "rank 4", [Values(op).normal(2, 1, 2, 3)], lambda x, f=f: f(x, axis=-1), -1)
        add(op, "far out", [np.float32([[-1000, -1001], [1000, 1001]])], lambda x, f=f: f(x, axis=1), second=False)
        add(op, "long", [Pattern([3, 20001], 7919, 1009, 504, 256)], lambda x, f=f: f(x, axis=1))
    for op, f in {"cumsum": np.cumsum, "cumprod": np.cumprod}.items():

        def cumulative(x, axis, exclusive=False, reverse=False, f=f, op=op):
            if reverse:
                x = np.flip(x, axis)
            y = f(x, axis=axis)
            if exclusive:
                first = np.full_like(np.take(y, [0], axis), 0 if op == "cumsum" else 1)
                y = np.concatenate([first, np.delete(y, -1, axis)], axis)
            return np.flip(y, axis) if reverse else y

        for axis in [0, 1, 2, -1, -2]:
            make = Values(op + str(axis)).normal(2, 3, 3, low=0.5, high=2)
            add(op, f"axis {axis}", [make], lambda x, a=axis, c=cumulative: c(x, a), axis)
        make = Values(op).normal(2, 5, low=0.5, high=2)
        for exclusive, reverse in [(True, False), (False, True), (True, True)]:
            name = " ".join([*(["exclusive"] if exclusive else []), *(["reverse"] if reverse else [])])
            add(op, name, [make], lambda x, c=cumulative, e=exclusive, r=reverse: c(x, 1, e, r), 1, exclusive, reverse)
            add(op, f"{name}, the first axis", [make], lambda x, c=cumulative, e=exclusive, r=reverse: c(x, 0, e, r), 0, exclusive, reverse)
        add(op, "zeros", [np.float32([[1.5, 0, 2, 0, 3]])], lambda x, c=cumulative: c(x, 1), 1)
        add(op, "int32", [np.array([[1, -2, 3], [4, 1, -1]], np.int32)], lambda x, c=cumulative: c(x, -1), -1)
        add(op, "a vector", [Values(op + "v").normal(7, low=0.5, high=1.5)], lambda x, c=cumulative: c(x, 0))


def counts():
    x, w = np.array([0, 3, 1, 1, 5], np.int32), np.float32([0.5, 1, 2, 0.25, 4])
    add("bincount", "weights", [x, w], lambda x, w: np.bincount(x, w, 6)[:6], 6)
    add("bincount", "none", [x, np.zeros(0, np.float32)], lambda x, w: np.bincount(x, None, 6).astype(np.float64), 6, gradient=False)
    add("denseBincount", "weights", [x, w], lambda x, w: np.bincount(x, w, 6)[:6], 6)
    add("denseBincount", "rows", [np.array([[0, 1, 1], [2, 2, 2]], np.int32), np.zeros((0, 0), np.float32)], lambda x, w: np.float64([[1, 2, 0], [0, 0, 3]]), 3, gradient=False)
    add("denseBincount", "whether", [np.array([0, 1, 1], np.int32), np.zeros(0, np.float32)], lambda x, w: np.float64([1, 1, 0]), 3, True, gradient=False)
    add("math.confusionMatrix", "values", [np.array([0, 1, 2, 1], np.int32), np.array([0, 2, 2, 1], np.int32)], lambda a, b: np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]]), 3)


def losses():
    values = Values("losses")
    labels, guesses, weight = values.normal(3, 4), values.normal(3, 4), values.normal(3, 1, low=0.25, high=2)
    pairs = {
        "losses.absoluteDifference": lambda a, b: np.abs(a - b),
        "losses.meanSquaredError": lambda a, b: (a - b) ** 2,
        "losses.huberLoss": lambda a, b: np.where(np.abs(b - a) <= 1, 0.5 * (b - a) ** 2, np.abs(b - a) - 0.5),
    }
    def mean(l):
        return np.mean(l)

    def weighted(l, w):
        return np.sum(l * w) / np.sum(np.broadcast_to(w != 0, l.shape))

    for op, f in pairs.items():
        add(op, "mean", [labels, guesses], lambda a, b, f=f: mean(f(a, b)))
        add(op, "weights", [labels, guesses, weight], lambda a, b, w, f=f: weighted(f(a, b), w))
    chances = values.normal(3, 4, low=0.125, high=0.875)
    truth = np.float32(values.truth(3, 4))
    def log_loss(a, b):
        return -a * np.log(b + 1e-7) - (1 - a) * np.log(1 - b + 1e-7)

    add("losses.logLoss", "mean", [truth, chances], lambda a, b: mean(log_loss(a, b)))
    add("losses.logLoss", "weights", [truth, chances, weight], lambda a, b, w: weighted(log_loss(a, b), w))
    hinge = lambda a, b: np.maximum(0, 1 - (2 * a - 1) * b)
    add("losses.hingeLoss", "mean", [truth, guesses], lambda a, b: mean(hinge(a, b)))
    add("losses.cosineDistance", "mean", [labels, guesses], lambda a, b: mean(1 - np.sum(a * b, 1, keepdims=True)), 1)
    def sigmoid_loss(a, b):
        return np.maximum(b, 0) - b * a + np.log1p(np.exp(-np.abs(b)))

    add("losses.sigmoidCrossEntropy", "mean", [truth, guesses], lambda a, b: mean(sigmoid_loss(a, b)))
    spread = special.softmax(values.normal(3, 4).astype(np.float64), -1)
    spread = np.float32(np.round(spread * 256) / 256)
    spread[:, 0] += 1 - spread.sum(1)
    add("losses.softmaxCrossEntropy", "mean", [spread, guesses], lambda a, b: mean(-np.sum(a * special.log_softmax(b, -1), -1)))
    add("losses.computeWeightedLoss", "weights", [labels, weight], lambda l, w: weighted(l, w))
    add("losses.computeWeightedLoss", "sum", [labels, weight], lambda l, w: np.sum(l * w), 2)


def large():
    """Integers that float32 does not hold, in rows and columns."""
    x = np.array([[[16777217, 3], [-16777219, 5]], [[16777221, -7], [2, 16777219]]], np.int32)
    for op in ["sum", "max", "min"]:
        f = getattr(np, op)
        for name, axis in [("all", None), ("the first axis", 0), ("two axes", [0, 2]), ("the last axis", -1)]:
            add(op, f"int32, large, {name}", [x], lambda x, a=axis_of(axis), f=f: f(x, axis=a), *([] if axis is None else [axis]))
    add("prod", "int32, large", [np.array([[16777217, 3], [2, -5]], np.int32)], lambda x: np.prod(x, 1), 1)
    counted = np.array([[[1], [0]], [[3], [1]]], np.int32)
    add("bincount", "rank 3", [counted, np.zeros(0, np.float32)], lambda x, w: np.bincount(x.ravel(), None, 4).astype(np.float64), 4, gradient=False)
    add("denseBincount", "whether, rows", [np.array([[0, 1, 1], [2, 2, 2]], np.int32), np.zeros((0, 0), np.float32)], lambda x, w: np.float64([[1, 1, 0], [0, 0, 1]]), 3, True, gradient=False)


def vectors():
    for op, f in {"argMax": np.argmax, "argMin": np.argmin}.items():
        add(op, "a vector", [np.float32([1, 4, -2, 3])], lambda x, f=f: f(x).astype(np.int32))
    for op, f in {"softmax": special.softmax, "logSoftmax": special.log_softmax}.items():
        add(op, "NaN", [np.float32([[np.nan, 1, 2], [1, np.nan, 2], [0, 1, 2]])], lambda x, f=f: f(x, axis=1), gradient=False)


def none():
    """Of no numbers."""
    floats = {"sum": np.sum, "prod": np.prod, "mean": np.mean}
    floats["max"] = lambda x, a: np.max(x, a, initial=-np.inf)
    floats["min"] = lambda x, a: np.min(x, a, initial=np.inf)
    floats["logSumExp"] = lambda x, a: np.log(np.sum(np.exp(x), a))
    whole = {op: floats[op] for op in ["sum", "prod"]}
    whole["max"] = lambda x, a: np.max(x, a, initial=-(2**31))
    whole["min"] = lambda x, a: np.min(x, a, initial=2**31 - 1)
    for op, f in floats.items():
        for name, shape, axis in [("all", [0], None), ("rows", [2, 0], 1), ("columns", [0, 3], 0), ("no rows", [2, 0], 0)]:
            x = np.zeros(shape, np.float32)
            add(op, f"no numbers, {name}", [x], lambda x, f=f, a=axis: f(x, a), *([] if axis is None else [axis]), gradient=False)
    for op, f in whole.items():
        add(op, "no numbers, int32", [np.zeros([2, 0], np.int32)], lambda x, f=f: f(x, 1), 1)
    for op, f in {"all": np.all, "any": np.any}.items():
        add(op, "no numbers", [np.zeros([2, 0], bool)], lambda x, f=f: f(x, 1), 1)


def cases():
    plain()
    norms()
    counts()
    losses()
    large()
    none()
    vectors()
