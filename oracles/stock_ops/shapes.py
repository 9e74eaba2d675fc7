"""What moves numbers: joining, cutting, turning, picking, scattering, sorting, making."""

import numpy as np

from sweep import Pattern, Values, add

I32 = np.int32


def whole(*values):
    return np.array(values, I32)


def of_each_dtype(op, name, f, x, *args, **options):
    """The same case on float32, int32 and bool."""
    add(op, name, [x], f, *args, **options)
    integers = Values(op + name).whole(-9, 9, *np.shape(x))
    add(op, f"{name}, int32", [integers], f, *args, **options)
    add(op, f"{name}, bool", [integers > 0], f, *args, **options)


def joining():
    for name, axis in [("the first axis", 0), ("the middle axis", 1), ("the last axis", 2), ("counted from the end", -1)]:
        v = Values(name)
        shapes = [[2, 3, 2], [2, 3, 2], [2, 3, 2]]
        for part, shape in enumerate(shapes):
            shape[axis] += part
        parts = [v.normal(*shape) for shape in shapes]
        add("concat", name, parts, lambda *x, a=axis: np.concatenate(x, a), axis, call=[["$0", "$1", "$2"], axis])
        for dtype, cast in [("int32", lambda p: (p * 64).astype(I32)), ("bool", lambda p: p > 0)]:
            add("concat", f"{name}, {dtype}", [cast(p) for p in parts], lambda *x, a=axis: np.concatenate(x, a), call=[["$0", "$1", "$2"], axis])
        same = [v.normal(2, 3) for _ in range(3)]
        place = min(axis, 2)
        add("stack", name, same, lambda *x, a=place: np.stack(x, a), call=[["$0", "$1", "$2"], place])
    add("stack", "bool", [np.array([True, False]), np.array([False, False])], lambda *x: np.stack(x, 1), call=[["$0", "$1"], 1])
    v = Values("concat")
    add("concat1d", "two", [v.normal(3), v.normal(2)], lambda *x: np.concatenate(x), call=[["$0", "$1"]])
    for rank in [2, 3, 4]:
        shape = [2] * rank
        add(f"concat{rank}d", "two", [v.normal(*shape), v.normal(*shape)], lambda *x: np.concatenate(x, 1), call=[["$0", "$1"], 1])
    add("concat", "int32, large", [whole(16777217, -5), whole(2147483647)], lambda *x: np.concatenate(x), call=[["$0", "$1"]])
    v = Values("tile")
    of_each_dtype("tile", "rows", lambda x: np.tile(x, [2, 3]), v.normal(2, 3), [2, 3])
    of_each_dtype("tile", "rank 4", lambda x: np.tile(x, [2, 1, 2, 1]), v.normal(1, 2, 2, 3), [2, 1, 2, 1])
    of_each_dtype("broadcastTo", "rows", lambda x: np.broadcast_to(x, [4, 3]), v.normal(1, 3), [4, 3])
    of_each_dtype("broadcastTo", "of lower rank", lambda x: np.broadcast_to(x, [2, 3, 2]), v.normal(3, 1), [2, 3, 2])
    add("broadcastArgs", "shapes", [whole(2, 1, 3), whole(4, 1)], lambda a, b: np.array([2, 4, 3]))
    add("meshgrid", "xy", [v.normal(3), v.normal(2)], lambda a, b: np.meshgrid(a, b), gradient=True)
    add("meshgrid", "ij", [v.normal(3), v.normal(2)], lambda a, b: np.meshgrid(a, b, indexing="ij"), {"indexing": "ij"})
    add("outerProduct", "values", [v.normal(3), v.normal(2)], lambda a, b: np.outer(a, b))
    of_each_dtype("reverse", "the last axis", lambda x: np.flip(x, -1), v.normal(2, 3, 2), -1)
    of_each_dtype("reverse", "two axes", lambda x: np.flip(x, (0, 2)), v.normal(2, 3, 2), [0, 2])
    of_each_dtype("reverse", "all", lambda x: np.flip(x), v.normal(2, 3))
    add("reverse1d", "values", [v.normal(4)], np.flip)
    for rank in [2, 3, 4]:
        add(f"reverse{rank}d", "an axis", [v.normal(*[2] * (rank - 1), 3)], lambda x: np.flip(x, 1), 1)
    of_each_dtype("transpose", "reversed", lambda x: np.transpose(x), v.normal(2, 3))
    of_each_dtype("transpose", "rank 4", lambda x: np.transpose(x, [2, 0, 3, 1]), v.normal(2, 3, 1, 2), [2, 0, 3, 1])
    of_each_dtype("transpose", "rank 5", lambda x: np.transpose(x, [4, 1, 0, 3, 2]), v.normal(2, 1, 3, 2, 2), [4, 1, 0, 3, 2])
    add("transpose", "large", [Pattern([129, 257], 7919, 1009, 504, 64)], lambda x: x.T)
    of_each_dtype("reshape", "rows", lambda x: x.reshape(3, 2), v.normal(2, 3), [3, -1])
    of_each_dtype("expandDims", "the last axis", lambda x: x[..., None], v.normal(2, 3), -1)
    of_each_dtype("squeeze", "some", lambda x: x[:, 0], v.normal(2, 1, 3, 1)[..., 0], [1])
    add("squeeze", "counted from the end", [v.normal(2, 3, 1)], lambda x: x[..., 0], [-1])
    add("ensureShape", "the same", [v.normal(2, 3)], lambda x: x, [2, 3])
    of_each_dtype("clone", "values", lambda x: x, v.normal(2, 3))
    of_each_dtype("onesLike", "values", np.ones_like, v.normal(2, 3))
    of_each_dtype("zerosLike", "values", np.zeros_like, v.normal(2, 3))


def cutting():
    v = Values("cutting")
    of_each_dtype("slice", "a part", lambda x: x[1:3, :2], v.normal(4, 3), [1, 0], [2, 2])
    of_each_dtype("slice", "to the end", lambda x: x[:, 1:], v.normal(4, 3), [0, 1], [-1, -1])
    of_each_dtype("slice", "rank 5", lambda x: x[:, :, 1:, :, 1:2], v.normal(2, 1, 3, 2, 2), [0, 0, 1, 0, 1], [2, 1, 2, 2, 1])
    add("slice", "int32, large", [whole(16777217, -5, 2147483647)], lambda x: x[1:], [1], [2])
    add("slice1d", "values", [v.normal(5)], lambda x: x[1:4], 1, 3)
    for rank in [2, 3, 4]:
        add(f"slice{rank}d", "values", [v.normal(*[3] * rank)], lambda x, r=rank: x[tuple([slice(1, 3)] * r)], [1] * rank, [2] * rank)
    strided = [
        ("every second", [5, 4], (slice(0, 5, 2), slice(1, 4, 2)), [[0, 1], [5, 4], [2, 2]]),
        ("backwards", [5, 4], (slice(4, 0, -2), slice(3, 0, -1)), [[4, 3], [0, 0], [-2, -1]]),
        ("counted from the end", [5, 4], (slice(-4, -1, 1), slice(-3, -1, 1)), [[-4, -3], [-1, -1], [1, 1]]),
        ("masks", [5, 4], (slice(None, 3), slice(2, None)), [[2, 2], [3, 1], [1, 1], 1, 2]),
        ("a rank less", [5, 4], (slice(1, 4), 2), [[1, 2], [4, 3], [1, 1], 0, 0, 0, 0, 2]),
        ("an ellipsis", [2, 3, 4], (Ellipsis, slice(1, 3)), [[0, 1], [0, 3], [1, 1], 0, 0, 1]),
        ("a new axis", [3, 4], (None, slice(1, 3)), [[0, 1], [0, 3], [1, 1], 0, 0, 0, 1]),
        ("rank 5", [2, 2, 3, 2, 3], tuple(slice(0, n, 2) for n in [2, 2, 3, 2, 3]), [[0] * 5, [2, 2, 3, 2, 3], [2] * 5]),
    ]
    for name, shape, cut, args in strided:
        of_each_dtype("stridedSlice", name, lambda x, c=cut: x[c], v.normal(*shape), *args)
    of_each_dtype("split", "equal parts", lambda x: np.split(x, 3, 1), v.normal(2, 6), 3, 1)
    of_each_dtype("split", "sizes", lambda x: np.split(x, [1, 3], 0), v.normal(5, 2), [1, 2, 2])
    of_each_dtype("split", "counted from the end", lambda x: np.split(x, [1, 3], -1), v.normal(2, 5), [1, 2, -1], -1)
    of_each_dtype("unstack", "the first axis", lambda x: list(x), v.normal(3, 2))
    of_each_dtype("unstack", "the last axis", lambda x: list(np.moveaxis(x, -1, 0)), v.normal(2, 3), -1)
    pads = [("1d", [5], [[1, 2]]), ("2d", [2, 3], [[1, 0], [0, 2]]), ("3d", [2, 1, 3], [[0, 0], [1, 1], [2, 0]]), ("4d", [1, 2, 2, 1], [[1, 1], [0, 1], [2, 0], [0, 0]]), ("5d", [1, 2, 1, 2, 1], [[1, 1], [0, 1], [0, 0], [0, 2], [1, 0]])]
    for name, shape, widths in pads:
        x = v.normal(*shape)
        of_each_dtype("pad", name, lambda x, w=widths: np.pad(x, w), x, widths)
        add("pad", f"{name}, a constant", [x], lambda x, w=widths: np.pad(x, w, constant_values=1.5), widths, 1.5)
        if name == "1d":
            add("pad1d", "values", [x], lambda x: np.pad(x, [[1, 2]]), [1, 2])
        elif name != "5d":
            add(f"pad{name}", "values", [x], lambda x, w=widths: np.pad(x, w), widths)
        inner = [[min(w, n - 1) for w in pair] for pair, n in zip(widths, shape)]
        for mode in ["reflect", "symmetric"]:
            of_each_dtype("mirrorPad", f"{mode}, {name}", lambda x, w=inner, m=mode: np.pad(x, w, m), x, inner, mode)
    for mode in ["reflect", "symmetric"]:
        add("mirrorPad", f"{mode}, most", [v.normal(3, 4)], lambda x, m=mode: np.pad(x, [[2, 2], [3, 3]], m), [[2, 2], [3, 3]], mode)
    v = Values("single places")
    shrunk = [
        ("a single row, backwards", [2, 3], lambda x: x[1, ::-1], [[1, 2], [2, -4], [1, -1], 0, 0, 0, 0, 1]),
        ("a single column, a step of 2", [2, 5, 3], lambda x: x[:, ::2, 1], [[0, 0, 1], [2, 5, 2], [1, 2, 1], 0, 0, 0, 0, 4]),
        ("a single row and column", [3, 4, 2], lambda x: x[2, ::-3, 0], [[-1, 3, 0], [0, 0, 1], [1, -3, 1], 0, 2, 0, 0, 5]),
    ]
    for name, shape, cut, args in shrunk:
        of_each_dtype("stridedSlice", name, lambda x, c=cut: c(x), v.normal(*shape), *args)


def picking():
    v = Values("picking")
    i = whole(2, 0, 2, 1)
    of_each_dtype("gather", "rows", lambda x: np.take(x, [2, 0, 2, 1], 0), v.normal(3, 2), [2, 0, 2, 1])
    for name, axis in [("the middle axis", 1), ("the last axis", -1)]:
        add("gather", name, [v.normal(2, 3, 3), i], lambda x, i, a=axis: np.take(x, i, a), axis)
    add("gather", "a grid of indices", [v.normal(3, 2), whole([0, 2], [1, 1])], lambda x, i: np.take(x, i, 0))
    add("gather", "int32, large", [whole(16777217, 2147483647, -3), whole(1, 0)], lambda x, i: np.take(x, i, 0))
    batch = whole([0, 2, 2], [1, 0, 1])
    add("gather", "a batch", [v.normal(2, 3, 2), batch], lambda x, i: np.stack([a[b] for a, b in zip(x, i)]), 1, 1)
    add("gather", "a batch, the last axis", [v.normal(2, 2, 3), batch], lambda x, i: np.stack([a[:, b] for a, b in zip(x, i)]), 2, 1)
    add("gather", "a batch, counted from the end", [v.normal(2, 2, 3), batch], lambda x, i: np.stack([a[:, b] for a, b in zip(x, i)]), -1, 1)
    places = whole([0, 1], [2, 0], [0, 1])
    add("gatherND", "numbers", [v.normal(3, 2), places], lambda x, i: x[i[:, 0], i[:, 1]])
    add("gatherND", "rows", [v.normal(3, 2), whole([2], [0])], lambda x, i: x[i[:, 0]])
    add("gatherND", "int32", [whole([16777217, 2], [3, 4]), whole([0, 0], [1, 1])], lambda x, i: x[i[:, 0], i[:, 1]])

    def scattered(i, u, shape):
        y = np.zeros(shape, u.dtype)
        np.add.at(y, tuple(i.T), u)
        return y

    add("scatterND", "numbers", [whole([4], [1], [4]), v.normal(3)], lambda i, u: scattered(i, u, [6]), [6])
    add("scatterND", "rows", [whole([2], [0]), v.normal(2, 3)], lambda i, u: scattered(i, u, [4, 3]), [4, 3])
    add("scatterND", "of a grid", [whole([0, 1], [2, 0], [0, 1]), v.normal(3)], lambda i, u: scattered(i, u, [3, 2]), [3, 2])
    add("scatterND", "int32", [whole([4], [1], [4]), whole(1, 2, 3)], lambda i, u: scattered(i, u, [6]), [6])
    def updated(x, i, u):
        y = x.copy()
        y[tuple(i.T)] = u
        return y

    add("tensorScatterUpdate", "numbers", [v.normal(3, 2), whole([0, 1], [2, 0]), v.normal(2)], updated)
    add("tensorScatterUpdate", "rows", [v.normal(4, 2), whole([3], [1]), v.normal(2, 2)], updated)
    add("tensorScatterUpdate", "int32", [whole(1, 2, 3), whole([1]), whole(9)], updated)
    add("sparseToDense", "numbers", [whole(1, 4), v.normal(2), np.float32(0.5)], lambda i, u, d: updated(np.full(6, d), i[:, None], u), call=["$0", "$1", [6], "$2"])
    add("sparseToDense", "of a grid", [whole([0, 1], [2, 0]), v.normal(2), np.float32(0)], lambda i, u, d: updated(np.full([3, 2], d), i, u), call=["$0", "$1", [3, 2], "$2"])
    add("sparseToDense", "one value", [whole(1, 4), np.float32(2.5), np.float32(0.5)], lambda i, u, d: updated(np.full(6, d), i[:, None], u), call=["$0", "$1", [6], "$2"])

    def segments(x, s, n):
        y = np.zeros([n, *x.shape[s.ndim :]], x.dtype)
        np.add.at(y, s, x)
        return y

    add("unsortedSegmentSum", "rows", [v.normal(4, 2), whole(2, 0, 2, 1)], lambda x, s: segments(x, s, 4), 4)
    add("unsortedSegmentSum", "int32", [whole(1, 2, 3, 4), whole(2, 0, 2, 1)], lambda x, s: segments(x, s, 4), 4)
    add("unsortedSegmentSum", "a long vector", [Pattern([20001], 7919, 1009, 504, 64), Pattern([20001], 31, 7, 0, 1, "int32")], lambda x, s: segments(x, s, 7), 7)
    truth = np.array([[True, False, True], [False, False, True]])
    of = lambda f=None: [truth, v.normal(2, 3), v.normal(2, 3)]
    add("where", "values", of(), np.where)
    add("where", "broadcast", [truth[:1], v.normal(2, 1), v.normal(3)], np.where)
    add("where", "a scalar", [truth, np.float32(1.5), v.normal(2, 3)], np.where)
    add("where", "int32", [truth, v.whole(-9, 9, 2, 3), v.whole(-9, 9, 2, 3)], np.where)
    add("where", "bool", [truth, ~truth, truth[::-1].copy()], np.where)
    add("oneHot", "values", [whole(2, 0, 1)], lambda i: np.eye(4, dtype=np.int64)[i], 4)
    add("oneHot", "on and off", [whole([2, 0], [1, 1])], lambda i: np.eye(3, dtype=np.int64)[i] * 3 - 1, 3, 2, -1)
    add("oneHot", "beyond the last", [whole(-1, 5, 1)], lambda i: np.array([[0, 0, 0], [0, 0, 0], [0, 1, 0]]), 3)
    add("oneHot", "float32", [whole(2, 0, 1)], lambda i: np.eye(4)[i], 4, 1, 0, "float32")
    add("oneHot", "bool", [whole(2, 0, 1)], lambda i: np.eye(4, dtype=bool)[i], 4, 1, 0, "bool")

    def top(x, k):
        order = np.argsort(-x, -1, kind="stable")[..., :k]
        return [np.take_along_axis(x, order, -1), order]

    add("topk", "rows", [v.apart(3, 7)], lambda x: top(x, 3), 3)
    add("topk", "all", [v.apart(2, 5)], lambda x: top(x, 5), 5)
    add("topk", "one of one", [v.apart(3, 1)], lambda x: top(x, 1), 1)
    add("topk", "ties", [np.float32([[1, 3, 3, 0, 3]])], lambda x: top(x, 2), 2, gradient=False)
    add("topk", "negative", [-np.abs(v.apart(2, 9, offset=30))], lambda x: top(x, 4), 4)
    add("topk", "int32", [v.whole(-90, 90, 2, 9)], lambda x: top(x, 3), 3)
    add("topk", "long", [Pattern([2, 20001], 7919, 30011, 15000, 64)], lambda x: top(x, 5), 5)
    add("unique", "values", [np.float32([3, 1, 3, 2, 1])], lambda x: [np.float64([3, 1, 2]), np.array([0, 1, 0, 2, 1])], gradient=False)
    add("unique", "rows", [np.float32([[1, 2], [3, 4], [1, 2]])], lambda x: [x[:2], np.array([0, 1, 0])], 0, gradient=False)
    add("unique", "of different numbers", [Values("unique").apart(5)], lambda x: [x, np.arange(5)])
    add("unique", "int32", [whole(3, 1, 3)], lambda x: [np.array([3, 1]), np.array([0, 1, 0])])
    sorted_rows, wanted = np.float32([[1, 3, 3, 5], [-2, 0, 4, 4]]), np.float32([[0, 3, 9], [4, -1, 0]])
    for op, side in [("lowerBound", "left"), ("upperBound", "right")]:
        f = lambda s, x, side=side: np.stack([np.searchsorted(a, b, side) for a, b in zip(s, x)])
        add(op, "rows", [sorted_rows, wanted], f, gradient=False)
        add("searchSorted", side, [sorted_rows, wanted], f, side, gradient=False)
    add("whereAsync", "values", [truth], lambda t: np.argwhere(t))
    add("booleanMaskAsync", "rows", [v.normal(3, 2), np.array([True, False, True])], lambda x, m: x[m], gradient=False)
    add("booleanMaskAsync", "numbers", [v.normal(2, 3), truth], lambda x, m: x[m], gradient=False)
    add("setdiff1dAsync", "values", [np.float32([1, 2, 3, 4]), np.float32([2, 4])], lambda a, b: [np.float64([1, 3]), np.array([0, 2])], gradient=False)
    add("inTopKAsync", "values", [np.float32([[20, 10, 40, 30], [30, 50, -20, 10]]), whole(2, 0)], lambda p, t: np.array([True, False]), 1, gradient=False)


def blocks():
    v = Values("blocks")
    image = v.normal(1, 4, 4, 2)

    def to_batch(x):
        return x.reshape(1, 2, 2, 2, 2, 2).transpose(2, 4, 0, 1, 3, 5).reshape(4, 2, 2, 2)

    def to_space(x):
        return x.reshape(2, 2, 1, 2, 2, 2).transpose(2, 3, 0, 4, 1, 5).reshape(1, 4, 4, 2)

    for kind, cast in [("values", lambda x: x), ("int32", lambda x: (x * 64).astype(I32))]:
        add("spaceToBatchND", kind, [cast(image)], to_batch, [2, 2], [[0, 0], [0, 0]])
        add("batchToSpaceND", kind, [cast(v.normal(4, 2, 2, 2))], to_space, [2, 2], [[0, 0], [0, 0]])
        add("depthToSpace", kind, [cast(v.normal(1, 2, 2, 4))], lambda x: x.reshape(1, 2, 2, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(1, 4, 4, 1), 2)
    add("spaceToBatchND", "padded", [v.normal(1, 3, 3, 1)], lambda x: np.pad(x, [[0, 0], [1, 0], [0, 1], [0, 0]]).reshape(1, 2, 2, 2, 2, 1).transpose(2, 4, 0, 1, 3, 5).reshape(4, 2, 2, 1), [2, 2], [[1, 0], [0, 1]])
    add("batchToSpaceND", "cropped", [v.normal(4, 2, 2, 1)], lambda x: x.reshape(2, 2, 1, 2, 2, 1).transpose(2, 3, 0, 4, 1, 5).reshape(1, 4, 4, 1)[:, 1:, :-1], [2, 2], [[1, 0], [0, 1]])
    of_each_dtype("diag", "a vector", np.diag, v.normal(3))
    add("diag", "a matrix", [v.normal(2, 2)], lambda x: np.diag(x.ravel()).reshape(2, 2, 2, 2))


def after_casts():
    """A backend may leave the integers where they are, and call them float32."""
    for dtype, x in [("int32", whole([[1, -2], [3, 4], [5, -6]], [[7, 8], [-9, 10], [11, 12]])), ("bool", np.array([[[True, False], [True, True], [False, True]]] * 2))]:
        cast = {"cast": "$0"}
        for op, args, f in [
            ("sum", [0], lambda x: x.sum(0)),
            ("sum", [-1], lambda x: x.sum(-1)),
            ("mean", [1], lambda x: x.mean(1)),
            ("max", [0], lambda x: x.max(0)),
            ("prod", [1], lambda x: x.prod(1)),
            ("cumsum", [1], lambda x: x.cumsum(1)),
            ("transpose", [[2, 0, 1]], lambda x: x.transpose(2, 0, 1)),
            ("slice", [[0, 1, 0], [2, 2, 1]], lambda x: x[:, 1:, :1]),
            ("stridedSlice", [[0, 0, 0], [2, 3, 2], [1, 2, 1]], lambda x: x[:, ::2]),
            ("gather", [{"tensor": [1, 0], "dtype": "int32"}], lambda x: x[::-1]),
            ("pad", [[[0, 0], [1, 1], [0, 0]]], lambda x: np.pad(x, [[0, 0], [1, 1], [0, 0]])),
            ("mirrorPad", [[[0, 0], [1, 1], [0, 0]], "reflect"], lambda x: np.pad(x, [[0, 0], [1, 1], [0, 0]], "reflect")),
            ("tile", [[1, 2, 1]], lambda x: np.tile(x, [1, 2, 1])),
            ("reverse", [1], lambda x: x[:, ::-1]),
            ("softmax", [], lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
            ("matMul", [{"cast": "$0"}, True, False], lambda x: np.swapaxes(x, 1, 2) @ x),
            ("topk", [1], lambda x: [x.max(-1, keepdims=True), x.argmax(-1)[..., None]]),
            ("relu", [], lambda x: np.maximum(x, 0)),
            ("exp", [], np.exp),
            ("add", [0.5], lambda x: x + 0.5),
            ("where", [{"cast": "$0"}, {"cast": "$0"}], lambda x: x),
        ]:
            arguments = [cast, *args] if op != "where" else [{"tensor": True, "dtype": "bool"}, *args]
            name = f"{args[0]}" if args and isinstance(args[0], (int, float)) else "values"
            add(op, f"{name} of {dtype} cast to float32", [x], lambda x, f=f: f(x.astype(np.float64)), call=arguments)
        add("concat", f"of {dtype} cast to float32", [x], lambda x: np.concatenate([x, x]).astype(np.float64), call=[[cast, cast]])
        add("stack", f"of {dtype} cast to float32", [x], lambda x: np.stack([x, x]).astype(np.float64), call=[[cast, cast]])
        add("conv1d", f"of {dtype} cast to float32", [x], lambda x: x.astype(np.float64) @ np.float64([[1, 0.5], [2, -1]]), call=[cast, {"tensor": [[[1, 0.5], [2, -1]]]}, 1, "same"])


def making():
    add("eye", "square", [], lambda: np.eye(3), 3)
    add("eye", "wide, a batch", [], lambda: np.broadcast_to(np.eye(2, 4), [3, 2, 4]), 2, 4, [3])
    add("fill", "values", [], lambda: np.full([2, 3], 1.5), [2, 3], 1.5)
    add("fill", "int32", [], lambda: np.full([4], 16777217), [4], 16777217, "int32")
    add("zeros", "values", [], lambda: np.zeros([2, 3]), [2, 3])
    add("ones", "bool", [], lambda: np.ones([2, 3], bool), [2, 3], "bool")
    add("scalar", "values", [], lambda: np.float64(1.5), 1.5)
    for rank in range(1, 7):
        values = np.arange(2.0**rank).reshape([2] * rank)
        add(f"tensor{rank}d", "values", [], lambda v=values: v, values.tolist())
    add("tensor", "values", [], lambda: np.float64([[1, 2], [3, 4]]), [1, 2, 3, 4], [2, 2])
    add("complex", "values", [np.float32([1, 2]), np.float32([3, -4])], lambda a, b: a + 1j * b)
    add("range", "up", [], lambda: np.arange(1, 8, 2.0), 1, 8, 2)
    add("range", "down", [], lambda: np.arange(5, 0, -1.5), 5, 0, -1.5)
    add("range", "int32", [], lambda: np.arange(3, 9), 3, 9, 1, "int32")
    add("linspace", "values", [], lambda: np.linspace(-1, 2, 7), -1, 2, 7)
    add("linspace", "one", [], lambda: np.float64([3]), 3, 9, 1)


def exact():
    """What float32 does not hold, and tensors of many axes."""
    v = Values("exact")
    x = v.whole(-9, 9, 2, 3, 2) + np.int32(16777217)
    moves = {
        "transpose": (lambda x: np.transpose(x, [2, 0, 1]), [[2, 0, 1]]),
        "reverse": (lambda x: np.flip(x, (0, 2)), [[0, 2]]),
        "tile": (lambda x: np.tile(x, [1, 2, 2]), [[1, 2, 2]]),
        "pad": (lambda x: np.pad(x, [[0, 1], [1, 0], [0, 0]]), [[[0, 1], [1, 0], [0, 0]]]),
        "mirrorPad": (lambda x: np.pad(x, [[0, 0], [2, 1], [0, 1]], "reflect"), [[[0, 0], [2, 1], [0, 1]], "reflect"]),
        "stridedSlice": (lambda x: x[:, ::2], [[0, 0, 0], [2, 3, 2], [1, 2, 1]]),
        "split": (lambda x: np.split(x, [1], 1), [[1, 2], 1]),
        "unstack": (lambda x: list(np.moveaxis(x, 1, 0)), [1]),
        "gather": (lambda x: np.take(x, [2, 0], 1), [{"tensor": [2, 0], "dtype": "int32"}, 1]),
        "broadcastTo": (lambda x: np.broadcast_to(x, [2, 2, 3, 2]), [[2, 2, 3, 2]]),
    }
    for op, (f, args) in moves.items():
        add(op, "int32, large, rank 3", [x], f, *args)
    add("stack", "int32, large", [x, x + 1], lambda *x: np.stack(x, 2), call=[["$0", "$1"], 2])
    add("where", "int32, large", [v.truth(2, 3, 2), x, x + 1], np.where)
    add("gatherND", "rows, int32, large", [x, whole([1, 2], [0, 0])], lambda x, i: x[i[:, 0], i[:, 1]])
    add("scatterND", "int32, large", [whole([1], [0]), whole(16777217, 3)], lambda i, u: np.array([3, 16777217]), [2])
    add("unsortedSegmentSum", "int32, large", [whole([16777217], [2], [1]), whole(1, 0, 1)], lambda x, s: np.array([[2], [16777218]]), 2)
    five = v.normal(2, 1, 3, 2, 2)
    add("concat", "rank 5", [five, v.normal(2, 1, 3, 2, 1)], lambda *x: np.concatenate(x, 4), call=[["$0", "$1"], 4])
    add("tile", "rank 5", [five], lambda x: np.tile(x, [1, 2, 1, 1, 2]), [1, 2, 1, 1, 2])
    add("gather", "rank 5", [five, whole(1, 0)], lambda x, i: np.take(x, i, 3), 3)
    add("where", "rank 5", [v.truth(2, 1, 3, 2, 2), five, v.normal(2, 1, 3, 2, 2)], np.where)
    add("stack", "to rank 6", [five, v.normal(2, 1, 3, 2, 2)], lambda *x: np.stack(x, 3), call=[["$0", "$1"], 3])
    add("oneHot", "float32, on and off", [whole(2, 0)], lambda i: np.where(np.eye(3)[i] > 0, 0.875, 0.0625), 3, 0.875, 0.0625, "float32")


def cases():
    joining()
    cutting()
    picking()
    blocks()
    after_casts()
    making()
    exact()
