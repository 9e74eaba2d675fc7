"""Resizing, cropping, turning and choosing boxes of images."""

import numpy as np

from sweep import Values, add


def sources(size, out, align, half):
    """Where each of `out` numbers lies among `size`."""
    scale = (size - 1) / (out - 1) if align and out > 1 else size / out
    i = np.arange(out)
    return (i + 0.5) * scale - 0.5 if half else i * scale


def bilinear_matrix(size, out, align, half):
    at = sources(size, out, align, half)
    below = np.floor(at).astype(int)
    share = at - below
    matrix = np.zeros([out, size])
    rows = np.arange(out)
    np.add.at(matrix, (rows, np.clip(below, 0, size - 1)), 1 - share)
    np.add.at(matrix, (rows, np.clip(np.ceil(at).astype(int), 0, size - 1)), share)
    return matrix


def nearest_places(size, out, align, half):
    if half:
        at = np.floor((np.arange(out) + 0.5) * size / out)
    else:
        at = sources(size, out, align, False)
        at = np.floor(at + 0.5) if align else np.floor(at)
    return np.clip(at, 0, size - 1).astype(int)


def bilinear(x, size, align=False, half=False):
    rows = bilinear_matrix(x.shape[1], size[0], align, half)
    columns = bilinear_matrix(x.shape[2], size[1], align, half)
    return np.einsum("ih,jw,bhwc->bijc", rows, columns, x)


def nearest(x, size, align=False, half=False):
    rows = nearest_places(x.shape[1], size[0], align, half)
    columns = nearest_places(x.shape[2], size[1], align, half)
    return x[:, rows][:, :, columns]


def resizing():
    v = Values("resizing")
    for op, f in [("image.resizeBilinear", bilinear), ("image.resizeNearestNeighbor", nearest)]:
        for size, to in [([2, 3], [5, 4]), ([5, 4], [2, 3]), ([4, 4], [8, 8]), ([3, 3], [3, 3]), ([1, 2], [3, 2]), ([5, 7], [1, 1]), ([6, 4], [3, 2])]:
            for how, align, half in [("", False, False), (", corners aligned", True, False), (", half-pixel centres", False, True)]:
                add(op, f"{size} to {to}{how}", [v.normal(2, *size, 2)], lambda x, t=to, a=align, h=half, f=f: f(x, t, a, h), to, align, half)
        add(op, "rank 3", [v.normal(2, 3, 1)], lambda x, f=f: f(x[None], [4, 5])[0], [4, 5])
    whole = v.whole(0, 255, 1, 2, 3, 1)
    add("image.resizeBilinear", "int32", [whole], lambda x: bilinear(x.astype(np.float64), [5, 4]), [5, 4])
    add("image.resizeNearestNeighbor", "int32", [whole], lambda x: nearest(x, [5, 4]), [5, 4])


def crop(image, boxes, of, size, method, fill):
    out = np.full([len(boxes), *size, image.shape[3]], float(fill))

    def places(low, high, n, length):
        if n == 1:
            return np.array([0.5 * (low + high) * (length - 1)])
        return low * (length - 1) + np.arange(n) * (high - low) * (length - 1) / (n - 1)

    for b, (y1, x1, y2, x2) in enumerate(boxes):
        x = image[of[b]]
        for i, y in enumerate(places(y1, y2, size[0], x.shape[0])):
            for j, at in enumerate(places(x1, x2, size[1], x.shape[1])):
                if not (0 <= y <= x.shape[0] - 1 and 0 <= at <= x.shape[1] - 1):
                    continue
                if method == "nearest":
                    out[b, i, j] = x[int(np.floor(y + 0.5)), int(np.floor(at + 0.5))]
                    continue
                t, l = int(np.floor(y)), int(np.floor(at))
                bottom, right = int(np.ceil(y)), int(np.ceil(at))
                top = x[t, l] + (x[t, right] - x[t, l]) * (at - l)
                low = x[bottom, l] + (x[bottom, right] - x[bottom, l]) * (at - l)
                out[b, i, j] = top + (low - top) * (y - t)
    return out


def project(image, transforms, method, fill):
    b, h, w, c = image.shape
    out = np.zeros(image.shape)

    def at(x, i, j):
        return x[i, j] if 0 <= i < h and 0 <= j < w else np.full(c, float(fill))

    for n in range(b):
        t = transforms[n % len(transforms)]
        for i in range(h):
            for j in range(w):
                k = t[6] * j + t[7] * i + 1
                x, y = (t[0] * j + t[1] * i + t[2]) / k, (t[3] * j + t[4] * i + t[5]) / k
                if method == "nearest":
                    out[n, i, j] = at(image[n], int(np.floor(y + 0.5)), int(np.floor(x + 0.5)))
                    continue
                top, left = int(np.floor(y)), int(np.floor(x))
                dy, dx = y - top, x - left
                first = (1 - dx) * at(image[n], top, left) + dx * at(image[n], top, left + 1)
                then = (1 - dx) * at(image[n], top + 1, left) + dx * at(image[n], top + 1, left + 1)
                out[n, i, j] = (1 - dy) * first + dy * then
    return out


def rotate(image, radians, fill):
    b, h, w, c = image.shape
    out = np.full(image.shape, float(fill))
    cos, sin, cx, cy = np.cos(radians), np.sin(radians), w * 0.5, h * 0.5
    for i in range(h):
        for j in range(w):
            x = (j - cx) * cos - (i - cy) * sin + cx
            y = (j - cx) * sin + (i - cy) * cos + cy
            x, y = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
            if 0 <= x < w and 0 <= y < h:
                out[:, i, j] = image[:, y, x]
    return out


def others():
    v = Values("images")
    image = v.normal(2, 4, 5, 2)
    boxes = np.float32([[0, 0, 1, 1], [0.125, 0.25, 0.75, 0.875], [0.25, 0.25, 1.25, 1.25]])
    of = np.array([0, 1, 1], np.int32)
    for method in ["bilinear", "nearest"]:
        add("image.cropAndResize", method, [image, boxes, of], lambda x, b, o, m=method: crop(x, b, o, [3, 4], m, 0), [3, 4], method, gradient=False)
    add("image.cropAndResize", "a value outside", [image, boxes, of], lambda x, b, o: crop(x, b, o, [3, 4], "bilinear", 2.5), [3, 4], "bilinear", 2.5, gradient=False)
    add("image.cropAndResize", "gradient", [image], lambda x: crop(x, boxes.astype(float), of, [3, 4], "bilinear", 0), call=["$0", {"tensor": boxes.tolist()}, {"tensor": of.tolist(), "dtype": "int32"}, [3, 4]])
    # No place is a pixel's, nor halfway between two.
    between = np.float32([[0.21, 0.19, 1.21, 0.95], [0.73, 0.03, 0.11, 0.83], [-0.12, 0.65, 0.58, 1.22], [0.08, 0.07, 0.05, 0.07]])
    twice = np.array([1, 0, 1, 1], np.int32)
    for method in ["bilinear", "nearest"]:
        for size in [[3, 4], [1, 2], [5, 3]]:
            add("image.cropAndResize", f"{method}, boxes too, {size}", [image, between, twice], lambda x, b, o, m=method, s=size: crop(x, b, o, s, m, 2.5), size, method, 2.5)
    move = np.float32([[1, 0.125, -0.703125, 0.0625, 0.875, 0.5, 0, 0]])
    for method in ["nearest", "bilinear"]:
        add("image.transform", method, [image, move], lambda x, t, m=method: project(x, t, m, 0), method, "constant", 0, gradient=False)
    add("image.flipLeftRight", "values", [image], lambda x: x[:, :, ::-1])
    add("image.grayscaleToRGB", "values", [v.normal(1, 2, 3, 1)], lambda x: np.repeat(x, 3, -1))
    add("image.rgbToGrayscale", "values", [v.normal(1, 2, 3, 3)], lambda x: x @ np.array([[0.2989], [0.587], [0.114]]))
    for radians in [0.5, -1.25]:
        add("image.rotateWithOffset", f"{radians}", [image], lambda x, r=radians: rotate(x, r, 0), radians, 0)
    gray = np.array([[[20], [30], [200]], [[25], [220], [210]]], np.int32)
    add("image.threshold", "binary", [gray], lambda x: np.where(x > 127.5, 255, 0), "binary", False, 0.5)
    add("image.threshold", "inverted", [gray], lambda x: np.where(x > 127.5, 0, 255), "binary", True, 0.5)
    add("image.threshold", "otsu", [gray], lambda x: np.where(x > 100, 255, 0), "otsu")
    corners = np.float32([[0, 0, 1, 1], [0, 0.125, 1, 1.125], [0, -0.125, 1, 0.875], [0, 10, 1, 11], [0, 10.125, 1, 11.125], [0, 100, 1, 101]])
    scores = np.float32([0.9, 0.75, 0.625, 0.95, 0.5, 0.3])
    chosen = lambda *_: np.array([3, 0, 5])
    for op in ["image.nonMaxSuppression", "image.nonMaxSuppressionAsync"]:
        add(op, "boxes", [corners, scores], chosen, 3, 0.5, 0, gradient=False)
        add(op, "a least score", [corners, scores], lambda *_: np.array([3, 0]), 3, 0.5, 0.375, gradient=False)
    for op in ["image.nonMaxSuppressionPadded", "image.nonMaxSuppressionPaddedAsync"]:
        add(op, "boxes", [corners, scores], lambda *_: [np.array([3, 0, 5, 0, 0]), np.array(3)], 5, 0.5, 0, True, gradient=False)
    for op in ["image.nonMaxSuppressionWithScore", "image.nonMaxSuppressionWithScoreAsync"]:
        add(op, "hard", [corners, scores], lambda b, s: [np.array([3, 0, 5]), s[[3, 0, 5]]], 3, 0.5, 0, 0, gradient=False)


def cases():
    resizing()
    others()
