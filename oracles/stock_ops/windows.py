"""Products, convolutions, pooling, norms over channels, recurrent cells: loops over windows, not another library's."""

import itertools

import numpy as np

from elementwise import elu, sigmoid
from sweep import Pattern, Values, add


def pads_of(size, kernel, stride, dilation, pad):
    """How TensorFlow pads one axis: what 'same' lacks goes after, where it is odd."""
    if pad == "valid":
        return 0, 0
    if pad == "same":
        total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
        return total // 2, total - total // 2
    return tuple(pad) if isinstance(pad, (list, tuple)) else (pad, pad)


def windows(x, kernel, strides, dilations, pads, fill):
    """Of x [B, ..., C], the windows [B, ..., *kernel, C] of all places."""
    rank = len(kernel)
    each = [pads_of(n, *rest) for n, *rest in zip(x.shape[1:-1], kernel, strides, dilations, pads)]
    x = np.pad(x, [(0, 0), *each, (0, 0)], constant_values=fill)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    view = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(1, rank + 1)))
    # [B, ..., C, *spans]
    view = view[(slice(None), *[slice(None, None, s) for s in strides], slice(None), *[slice(None, None, d) for d in dilations])]
    return np.moveaxis(view, rank + 1, -1)


def axes(rank, value):
    return [value] * rank if isinstance(value, (int, str)) else list(value)


def convolve(x, w, strides=1, pad="valid", dilations=1):
    rank = w.ndim - 2
    view = windows(x, w.shape[:-2], axes(rank, strides), axes(rank, dilations), axes(rank, pad), 0)
    return np.tensordot(view, w, axes=(list(range(rank + 1, 2 * rank + 2)), list(range(rank + 1))))


def depthwise(x, w, strides=1, pad="valid", dilations=1):
    view = windows(x, w.shape[:2], axes(2, strides), axes(2, dilations), axes(2, pad), 0)
    y = np.einsum("bijklc,klcm->bijcm", view, w)
    return y.reshape(*y.shape[:3], -1)


def transposed(x, w, shape, strides=1, pad="valid"):
    """What convolve's gradient by its input is: linear, so it is read off one input number after another."""
    matrix = np.stack([convolve(e.reshape(shape), w, strides, pad).ravel() for e in np.eye(int(np.prod(shape)))])
    return (matrix @ x.ravel()).reshape(shape)


def pooled(x, kernel, strides, pad, how, dilations=1):
    rank = x.ndim - 2
    kernel, strides = axes(rank, kernel), axes(rank, strides)
    inner = tuple(range(rank + 1, 2 * rank + 1))
    view = windows(x, kernel, strides, axes(rank, dilations), axes(rank, pad), np.nan)
    return np.nanmax(view, inner) if how == "max" else np.nanmean(view, inner)


def dilated(x, w, strides, pad, dilations):
    view = windows(x, w.shape[:2], axes(2, strides), axes(2, dilations), axes(2, pad), -np.inf)
    return np.max(view + w, (3, 4))


def arg_pooled(x, kernel, strides, pad, batch):
    """The largest of each window and its flat place, the first of several."""
    b, h, w, c = x.shape
    places = np.arange(x.size, dtype=np.float64).reshape(x.shape)
    if not batch:
        places = places % (h * w * c)
    view = windows(x, axes(2, kernel), axes(2, strides), [1, 1], axes(2, pad), -np.inf)
    at = windows(places, axes(2, kernel), axes(2, strides), [1, 1], axes(2, pad), 0)
    flat, at = (v.reshape(*v.shape[:3], -1, c) for v in (view, at))
    first = np.argmax(flat, 3)[..., None, :]
    return [np.take_along_axis(flat, first, 3)[..., 0, :], np.take_along_axis(at, first, 3)[..., 0, :].astype(np.int64)]


def explicit(rank, first, second):
    return [[0, 0], *([first, second] if rank == 2 else [first] * rank), [0, 0]]


def convolutions():
    v = Values("convolutions")
    settings = [
        ("valid", 1, "valid"),
        ("same", 1, "same"),
        ("same, strides 2", 2, "same"),
        ("valid, strides [2, 1]", [2, 1], "valid"),
        ("same, strides [1, 3]", [1, 3], "same"),
        ("a pad of 1", 1, 1),
    ]
    for name, strides, pad in settings:
        for size, kernel in [([5, 4], [3, 3]), ([4, 5], [2, 3]), ([3, 3], [1, 1])]:
            what = f"{name}, {kernel[0]} x {kernel[1]} of {size[0]} x {size[1]}"
            x = v.normal(2, *size, 2)
            rounding = [] if pad != 1 else ["NHWC", [1, 1], "floor"]
            add("conv2d", what, [x, v.normal(*kernel, 2, 3)], lambda x, w, s=strides, p=pad: convolve(x, w, s, p), strides, pad, *rounding)
            if strides in (1, 2) or kernel == [1, 1]:
                s = strides if isinstance(strides, int) else 2
                add("depthwiseConv2d", what, [x, v.normal(*kernel, 2, 2)], lambda x, w, s=s, p=pad: depthwise(x, w, s, p), s, pad, *rounding)
    x, w = v.normal(1, 6, 5, 2), v.normal(3, 2, 2, 2)
    add("conv2d", "dilations 2", [x, w], lambda x, w: convolve(x, w, 1, "same", 2), 1, "same", "NHWC", 2)
    add("conv2d", "explicit pads", [x, w], lambda x, w: convolve(x, w, 1, [[1, 2], [0, 1]]), 1, [[0, 0], [1, 2], [0, 1], [0, 0]])
    add("conv2d", "rank 3", [v.normal(4, 4, 2), v.normal(2, 2, 2, 2)], lambda x, w: convolve(x[None], w, 1, "valid")[0], 1, "valid")
    add("conv2d", "wide", [Pattern([1, 17, 19, 33], 7919, 1009, 504, 256), Pattern([3, 3, 33, 17], 104729, 997, 498, 512)], lambda x, w: convolve(x, w, 1, "same"), 1, "same")
    add("depthwiseConv2d", "dilations 2", [x, v.normal(3, 2, 2, 1)], lambda x, w: depthwise(x, w, 1, "same", 2), 1, "same", "NHWC", 2)
    add("depthwiseConv2d", "wide", [Pattern([1, 17, 19, 33], 7919, 1009, 504, 256), Pattern([3, 3, 33, 1], 104729, 997, 498, 512)], lambda x, w: depthwise(x, w, 1, "same"), 1, "same")
    for strides, pad in [(1, "same"), (2, "valid")]:
        add("separableConv2d", f"{pad}, strides {strides}", [v.normal(1, 4, 5, 2), v.normal(2, 3, 2, 2), v.normal(1, 1, 4, 3)], lambda x, d, p, s=strides, pad=pad: convolve(depthwise(x, d, s, pad), p), strides, pad)
    for strides, pad, dilations in [(1, "same", 1), (2, "same", 1), (2, "valid", 1), (1, "valid", 2), (1, "same", 2)]:
        rest = [] if dilations == 1 else ["NWC", dilations]
        add("conv1d", f"{pad}, strides {strides}, dilations {dilations}", [v.normal(2, 7, 2), v.normal(3, 2, 3)], lambda x, w, s=strides, p=pad, d=dilations: convolve(x, w, s, p, d), strides, pad, *rest)
    for strides, pad in [(1, "same"), (2, "same"), (1, "valid"), (2, "valid"), ([1, 2], "same")]:
        shape = [1, 4, 5, 2]
        kernel = v.normal(3, 2, 2, 3)
        y = v.normal(*convolve(np.zeros(shape), kernel, strides, pad).shape)
        add("conv2dTranspose", f"{pad}, strides {strides}", [y, kernel], lambda y, w, s=strides, p=pad, shape=shape: transposed(y, w, shape, s, p), shape, strides, pad)
    for strides, pad in [(1, "same"), (2, "same"), (1, "valid"), ([1, 2, 1], "valid")]:
        add("conv3d", f"{pad}, strides {strides}", [v.normal(1, 3, 3, 4, 1), v.normal(2, 1, 3, 1, 2)], lambda x, w, s=strides, p=pad: convolve(x, w, s, p), strides, pad)
        shape = [1, 3, 2, 3, 1]
        kernel = v.normal(2, 1, 3, 1, 2)
        if strides != [1, 2, 1]:
            y = v.normal(*convolve(np.zeros(shape), kernel, strides, pad).shape)
            add("conv3dTranspose", f"{pad}, strides {strides}", [y, kernel], lambda y, w, s=strides, p=pad, shape=shape: transposed(y, w, shape, s, p), shape, strides, pad)
    for strides, pad, dilations in [(1, "same", 1), (2, "valid", 1), (1, "valid", 2)]:
        add("dilation2d", f"{pad}, strides {strides}, dilations {dilations}", [v.apart(1, 5, 5, 2), np.float32(v.normal(2, 2, 2) / 64)], lambda x, w, s=strides, p=pad, d=dilations: dilated(x, w, s, p, d), strides, pad, dilations)
    add("dilation2d", "below 0", [v.apart(1, 4, 4, 1, offset=-20), np.float32(v.normal(2, 2, 1) / 64)], lambda x, w: dilated(x, w, 1, "valid", 1), 1, "valid", 1)
    v = Values("pads of one axis")
    for strides, pad, dilations in [(1, 1, 1), (2, 2, 1), (1, 3, 2)]:
        rest = [] if dilations == 1 else ["NWC", dilations]
        add("conv1d", f"a pad of {pad}, strides {strides}, dilations {dilations}", [v.normal(2, 7, 2), v.normal(3, 2, 3)], lambda x, w, s=strides, p=pad, d=dilations: convolve(x, w, s, p, d), strides, pad, *rest)


def pooling():
    v = Values("pooling")
    settings = list(itertools.product([2, 3, [3, 2]], [1, 2, [1, 2]], ["valid", "same"]))
    for kernel, strides, pad in settings:
        name = f"{kernel}, strides {strides}, {pad}"
        x = v.apart(2, 5, 4, 2)
        add("maxPool", name, [x], lambda x, k=kernel, s=strides, p=pad: pooled(x, k, s, p, "max"), kernel, strides, pad)
        add("avgPool", name, [x], lambda x, k=kernel, s=strides, p=pad: pooled(x, k, s, p, "avg"), kernel, strides, pad)
    below = v.apart(1, 4, 5, 1, offset=-20)
    for kernel, strides, pad in [(2, 2, "valid"), (3, 1, "same"), ([2, 3], 2, "same")]:
        name = f"{kernel}, strides {strides}, {pad}"
        add("maxPool", f"below 0: {name}", [below], lambda x, k=kernel, s=strides, p=pad: pooled(x, k, s, p, "max"), kernel, strides, pad)
        for batch in [False, True]:
            both = v.apart(2, 4, 5, 2)
            suffix = ", with the batch" if batch else ""
            add("maxPoolWithArgmax", name + suffix, [both], lambda x, k=kernel, s=strides, p=pad, b=batch: arg_pooled(x, k, s, p, b), kernel, strides, pad, batch)
        add("maxPoolWithArgmax", f"below 0: {name}", [below], lambda x, k=kernel, s=strides, p=pad: arg_pooled(x, k, s, p, False), kernel, strides, pad)
    add("maxPool", "ties", [np.float32(np.zeros([1, 2, 4, 1]))], lambda x: pooled(x, 2, 2, "valid", "max"), 2, 2, "valid", kinks=True)
    add("maxPool", "a pad of 1", [below], lambda x: pooled(x, 3, 2, 1, "max"), 3, 2, 1, "floor")
    add("avgPool", "a pad of 1", [below], lambda x: pooled(x, 3, 2, 1, "avg"), 3, 2, 1, "floor")
    add("maxPool", "int32", [v.whole(-50, -1, 1, 4, 4, 1)], lambda x: pooled(x.astype(np.float64), 2, 2, "valid", "max").astype(np.int64), 2, 2, "valid")
    add("maxPool", "rank 3", [below[0]], lambda x: pooled(x[None], 2, 1, "same", "max")[0], 2, 1, "same")
    add("avgPool", "rank 3", [below[0]], lambda x: pooled(x[None], 2, 1, "same", "avg")[0], 2, 1, "same")
    add("pool", "max, dilations 2", [v.apart(1, 5, 5, 1)], lambda x: np.max(windows(x, [2, 2], [1, 1], [2, 2], ["valid"] * 2, 0), (3, 4)), [2, 2], "max", "valid", 2)
    add("pool", "average", [v.apart(1, 4, 4, 1)], lambda x: pooled(x, 2, 1, "same", "avg"), [2, 2], "avg", "same")
    for kernel, strides, pad in [(2, 1, "valid"), (2, 2, "same"), ([1, 2, 3], 1, "same"), ([2, 1, 2], [1, 2, 1], "valid")]:
        name = f"{kernel}, strides {strides}, {pad}"
        x = v.apart(1, 3, 4, 3, 2)
        add("maxPool3d", name, [x], lambda x, k=kernel, s=strides, p=pad: pooled(x, k, s, p, "max"), kernel, strides, pad)
        add("avgPool3d", name, [x], lambda x, k=kernel, s=strides, p=pad: pooled(x, k, s, p, "avg"), kernel, strides, pad)
    add("maxPool3d", "below 0", [v.apart(1, 3, 3, 3, 1, offset=-20)], lambda x: pooled(x, 2, 1, "same", "max"), 2, 1, "same")
    v = Values("dilated pools")
    for kernel, dilations in [([2, 2], 2), ([3, 2], [1, 2]), ([2, 3], [3, 2])]:
        for how in ["max", "avg"]:
            x = v.apart(2, 5, 4, 2, offset=-24)
            add("pool", f"{how}, same, {kernel}, dilations {dilations}", [x], lambda x, k=kernel, d=dilations, how=how: pooled(x, k, 1, "same", how, d), kernel, how, "same", dilations)


def products():
    v = Values("products")
    for name, left, right in [
        ("matrices", [3, 5], [5, 2]),
        ("a batch", [2, 3, 4], [2, 4, 2]),
        ("a batch and a matrix", [2, 3, 4], [4, 2]),
        ("a matrix and a batch", [3, 4], [2, 4, 2]),
        ("a batch of one", [1, 3, 4], [3, 4, 2]),
        ("two axes of batches", [2, 2, 3, 2], [2, 2, 2, 3]),
        ("both broadcast", [2, 1, 3, 2], [3, 2, 2]),
        ("thin", [1, 7], [7, 1]),
    ]:
        add("matMul", name, [v.normal(*left), v.normal(*right)], np.matmul)
    add("matMul", "both transposed", [v.normal(4, 3), v.normal(2, 4)], lambda a, b: a.T @ b.T, True, True)
    add("matMul", "a transposed", [v.normal(2, 4, 3), v.normal(2, 4, 2)], lambda a, b: np.swapaxes(a, 1, 2) @ b, True, False)
    add("matMul", "b transposed", [v.normal(2, 3, 4), v.normal(5, 4)], lambda a, b: a @ b.T, False, True)
    add("matMul", "int32", [v.whole(-9, 9, 2, 3), v.whole(-9, 9, 3, 2)], np.matmul)
    add("matMul", "wide", [Pattern([67, 129], 7919, 1009, 504, 256), Pattern([129, 65], 104729, 997, 498, 512)], np.matmul)
    add("matMul", "thin and long", [Pattern([1, 200003], 7919, 1009, 400, 64), Pattern([200003, 1], 104729, 997, 300, 64)], np.matmul)
    add("dot", "vectors", [v.normal(5), v.normal(5)], np.dot)
    add("dot", "a matrix and a vector", [v.normal(2, 3), v.normal(3)], np.dot)
    add("dot", "a vector and a matrix", [v.normal(3), v.normal(3, 2)], np.dot)
    add("dot", "matrices", [v.normal(2, 3), v.normal(3, 2)], np.dot)
    add("dot", "a million", [Pattern([1000000], 7919, 1009, 400, 64), Pattern([1000000], 104729, 997, 300, 64)], np.dot)
    for equation, shapes in {
        "ij,jk->ik": [[2, 3], [3, 4]],
        "bij,bkj->bik": [[2, 3, 2], [2, 4, 2]],
        "i,j->ij": [[3], [2]],
        "ij->ji": [[2, 3]],
        "ij->i": [[2, 3]],
        "ijk->": [[2, 2, 3]],
        "bij,k->kb": [[2, 3, 2], [2]],
        "i->i": [[3]],
        "ij,ij->": [[2, 3], [2, 3]],
        "bqhd,bkhd->bhqk": [[1, 2, 2, 3], [1, 3, 2, 3]],
    }.items():
        inputs = [v.normal(*shape) for shape in shapes]
        add("einsum", equation, inputs, lambda *x, e=equation: np.einsum(e, *x), call=[equation, *[f"${i}" for i in range(len(inputs))]])


def activations():
    return {
        "linear": lambda x: x,
        "relu": lambda x: np.maximum(x, 0),
        "relu6": lambda x: np.clip(x, 0, 6),
        "elu": elu,
        "sigmoid": sigmoid,
        "leakyrelu": lambda x: np.where(x > 0, x, 0.25 * x),
    }


def fused():
    v = Values("fused")
    for name, f in activations().items():
        leaky = {"leakyreluAlpha": 0.25} if name == "leakyrelu" else {}
        for what, left, right, ta, tb in [
            ("matrices", [3, 2], [2, 4], False, False),
            ("a batch", [2, 3, 5], [2, 5, 4], False, False),
            ("b transposed", [3, 2], [4, 2], False, True),
            ("100 columns", [2, 100], [100, 3], False, False),
        ]:
            def product(a, b, bias, ta=ta, tb=tb, f=f):
                a, b = np.swapaxes(a, -1, -2) if ta else a, np.swapaxes(b, -1, -2) if tb else b
                return f(a @ b + bias)

            columns = right[-2] if tb else right[-1]
            add("fused.matMul", f"{name}, {what}", [v.normal(*left, low=-2, high=2), v.normal(*right, low=-2, high=2), v.normal(columns)], product, call=[{"a": "$0", "b": "$1", "bias": "$2", "transposeA": ta, "transposeB": tb, "activation": name, **leaky}], second=name in {"linear", "sigmoid"})
        x, bias = v.normal(1, 4, 3, 2), v.normal(3)
        add("fused.conv2d", name, [x, v.normal(2, 2, 2, 3), bias], lambda x, w, b, f=f: f(convolve(x, w, 1, "same") + b), call=[{"x": "$0", "filter": "$1", "strides": 1, "pad": "same", "bias": "$2", "activation": name, **leaky}], second=name in {"linear", "sigmoid"})
        add("fused.depthwiseConv2d", name, [x, v.normal(2, 2, 2, 1), v.normal(2)], lambda x, w, b, f=f: f(depthwise(x, w, 1, "same") + b), call=[{"x": "$0", "filter": "$1", "strides": 1, "pad": "same", "bias": "$2", "activation": name, **leaky}], second=name in {"linear", "sigmoid"})
    for op, f, kernel in [("fused.conv2d", convolve, [2, 2, 2, 3]), ("fused.depthwiseConv2d", depthwise, [2, 2, 2, 2])]:
        for name in ["linear", "sigmoid"]:
            inputs = [v.normal(1, 4, 5, 2, low=-1, high=1), v.normal(*kernel, low=-1, high=1), v.normal(kernel[3] if op == "fused.conv2d" else 4)]
            add(op, f"{name}, dilations 2", inputs, lambda x, w, b, f=f, g=activations()[name]: g(f(x, w, 1, "same", 2) + b), call=[{"x": "$0", "filter": "$1", "strides": 1, "pad": "same", "dilations": 2, "bias": "$2", "activation": name}])


def normalised():
    v = Values("norms")
    for op, shape in [("batchNorm", [2, 3]), ("batchNorm", [2, 2, 2, 3]), ("batchNorm2d", [4, 3]), ("batchNorm3d", [2, 2, 3]), ("batchNorm4d", [1, 2, 2, 3])]:
        args = [v.normal(*shape), v.normal(3), v.normal(3, low=0.25, high=2), v.normal(3), v.normal(3)]
        add(op, f"rank {len(shape)}", args, lambda x, m, s, o, g: (x - m) / np.sqrt(s + 0.01) * g + o, 0.01)
    for radius, bias, alpha, beta in [(1, 1, 1, 0.5), (2, 0.5, 0.25, 0.75)]:

        def local(x, r=radius, bias=bias, alpha=alpha, beta=beta):
            sums = np.stack([np.sum(x[..., max(0, c - r) : c + r + 1] ** 2, -1) for c in range(x.shape[-1])], -1)
            return x * (bias + alpha * sums) ** -beta

        add("localResponseNormalization", f"radius {radius}", [v.normal(1, 2, 2, 5)], local, radius, bias, alpha, beta)


def cells():
    v = Values("cells")
    forget, kernel, bias = np.float32(1), v.normal(5, 12, low=-1, high=1), v.normal(12)
    data, c, h = v.normal(2, 2), v.normal(2, 3), v.normal(2, 3, low=-1, high=1)

    def lstm(f, k, b, x, c, h):
        i, j, g, o = np.split(np.concatenate([x, h], 1) @ k + b, 4, 1)
        c = sigmoid(i) * np.tanh(j) + c * sigmoid(g + f)
        return [c, np.tanh(c) * sigmoid(o)]

    add("basicLSTMCell", "values", [forget, kernel, bias, data, c, h], lstm, second=False)
    add("movingAverage", "no correction", [np.float32([1, 2]), np.float32([3, -4])], lambda v, x: v - (v - x) * (1 - 0.75), 0.75, None, False, gradient=False)


def uneven():
    """Windows and strides that differ from axis to axis, with a number as pads, and windows smaller than their strides."""
    v = Values("uneven")
    for kernel, strides, pad in [([3, 2], [1, 2], 2), ([2, 1], [2, 3], 1), ([1, 3], 1, 0)]:
        name = f"a pad of {pad}, {kernel}, strides {strides}"
        x = v.apart(1, 4, 5, 2, step=0.125)
        rounding = ["NHWC", [1, 1], "floor"]
        add("conv2d", name, [x, v.normal(*kernel, 2, 2)], lambda x, w, s=strides, p=pad: convolve(x, w, s, p), strides, pad, *rounding)
        add("depthwiseConv2d", name, [x, v.normal(*kernel, 2, 2)], lambda x, w, s=strides, p=pad: depthwise(x, w, s, p), strides, pad, *rounding)
        bias = v.normal(2)
        add("fused.conv2d", name, [x, v.normal(*kernel, 2, 2), bias], lambda x, w, b, s=strides, p=pad: np.maximum(convolve(x, w, s, p) + b, 0), call=[{"x": "$0", "filter": "$1", "strides": strides, "pad": pad, "bias": "$2", "activation": "relu"}], second=False)
        filters = v.normal(*kernel, 2, 2)
        y = v.normal(*convolve(np.zeros(x.shape), filters, strides, pad).shape)
        shape = list(x.shape)
        add("conv2dTranspose", name, [y, filters], lambda y, w, s=strides, p=pad, shape=shape: transposed(y, w, shape, s, p), shape, strides, pad)
        if pad < min(kernel):
            for op in ["max", "avg"]:
                add(f"{op}Pool", name, [x], lambda x, k=kernel, s=strides, p=pad, op=op: pooled(x, k, s, p, op), kernel, strides, pad, "floor")
    short = Values("short filters")
    for kernel, strides in [([3, 1], 2), ([1, 2], [3, 1])]:
        name = f"same, {kernel}, strides {strides}"
        add("conv2d", name, [short.normal(1, 6, 5, 2), short.normal(*kernel, 2, 2)], lambda x, w, s=strides: convolve(x, w, s, "same"), strides, "same")
        add("depthwiseConv2d", name, [short.normal(1, 6, 5, 2), short.normal(*kernel, 2, 1)], lambda x, w, s=strides: depthwise(x, w, s, "same"), strides, "same")
    x = v.apart(1, 4, 5, 1, step=0.125)
    pads = [[1, 0], [0, 2]]
    for op in ["max", "avg"]:
        add(f"{op}Pool", "explicit pads", [x], lambda x, op=op: pooled(x, [3, 3], [1, 2], pads, op), [3, 3], [1, 2], [[0, 0], *pads, [0, 0]])
    add("depthwiseConv2d", "explicit pads", [x, v.normal(2, 3, 1, 2)], lambda x, w: depthwise(x, w, 1, pads), 1, [[0, 0], *pads, [0, 0]])
    for kernel, strides in [([1, 1, 2], [2, 3, 2]), ([2, 1, 1], [1, 2, 3])]:
        name = f"same, {kernel}, strides {strides}"
        x = v.apart(1, 3, 4, 4, 1, step=0.125)
        filters = v.normal(*kernel, 1, 2)
        add("conv3d", name, [x, filters], lambda x, w, s=strides: convolve(x, w, s, "same"), strides, "same")
        y = v.normal(*convolve(np.zeros(x.shape), filters, strides, "same").shape)
        add("conv3dTranspose", name, [y, filters], lambda y, w, s=strides: transposed(y, w, [1, 3, 4, 4, 1], s, "same"), [1, 3, 4, 4, 1], strides, "same")
        for op in ["max", "avg"]:
            add(f"{op}Pool3d", name, [x], lambda x, k=kernel, s=strides, op=op: pooled(x, k, s, "same", op), kernel, strides, "same")
    v = Values("volumes that are reached in part")
    for kernel, strides in [(1, 3), ([1, 2, 1], [3, 4, 3])]:
        for op in ["max", "avg"]:
            add(f"{op}Pool3d", f"same, {kernel}, strides {strides}", [v.apart(1, 3, 4, 3, 1)], lambda x, k=kernel, s=strides, op=op: pooled(x, k, s, "same", op), kernel, strides, "same")
    for pad, dilations in [("same", 2), ("valid", [2, 1, 2])]:
        add("conv3d", f"{pad}, dilations {dilations}", [v.normal(1, 3, 3, 4, 1), v.normal(2, 1, 2, 1, 2)], lambda x, w, p=pad, d=dilations: convolve(x, w, 1, p, d), 1, pad, "NDHWC", dilations)


def batches():
    v = Values("batches")
    for left, right in [([2, 3], [2, 1]), ([2, 1], [1, 3]), ([2], [2, 1]), ([2, 1, 2], [2, 2])]:
        for transposed in [False, True]:
            a, b = [*left, *([3, 2] if transposed else [2, 3])], [*right, *([2, 3] if transposed else [3, 2])]
            product = lambda a, b, t=transposed: np.matmul(*(np.swapaxes(x, -1, -2) if t else x for x in (a, b)))
            name = f"{left} and {right}{', transposed' if transposed else ''}"
            add("matMul", name, [v.normal(*a), v.normal(*b)], product, transposed, transposed)
            add("matMul", f"{name}, int32", [v.whole(-9, 9, *a), v.whole(-9, 9, *b)], product, transposed, transposed)
    add("matMul", "int32, large", [np.array([[16777217, 1]], np.int32), np.array([[1], [2]], np.int32)], np.matmul)
    add("dot", "int32", [v.whole(-9, 9, 5), v.whole(-9, 9, 5)], np.dot)
    v = Values("fused batches")
    for left, right in [([2, 3], [1, 3]), ([2, 1], [3]), ([2], [2, 1])]:
        for activation, f in [("linear", lambda y: y), ("relu", lambda y: np.maximum(y, 0))]:
            inputs = [v.normal(*left, 2, 3), v.normal(*right, 3, 2), v.normal(2)]
            add("fused.matMul", f"{activation}, {left} and {right}", inputs, lambda a, b, c, f=f: f(a @ b + c), call=[{"a": "$0", "b": "$1", "bias": "$2", "activation": activation}], second=False)


def extremes():
    """Windows of equal numbers, of -Infinity alone, and with a NaN."""
    ties = np.float32([[[[1], [1], [2]], [[1], [1], [2]]]])
    add("maxPoolWithArgmax", "ties", [ties], lambda x: arg_pooled(x, 2, 1, "valid", False), 2, 1, "valid", False, gradient=False)
    largest = lambda x, k: np.max(windows(x, axes(2, k), [1, 1], [1, 1], axes(2, "valid"), 0), (3, 4))
    for name, number in [("-Infinity", -np.inf), ("NaN", np.nan)]:
        x = np.full([1, 3, 3, 1], number, np.float32)
        x[0, 0, 0] = 2
        add("maxPool", name, [x], lambda x: largest(x, 2), 2, 1, "valid", gradient=False)


def cases():
    convolutions()
    pooling()
    products()
    fused()
    normalised()
    cells()
    uneven()
    batches()
    extremes()
