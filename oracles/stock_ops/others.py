"""Complex numbers, spectra, linear algebra, sparse and ragged tensors."""

import numpy as np

from sweep import Values, add


def spectra():
    v = Values("spectra")
    pair = lambda *shape: [v.normal(*shape), v.normal(*shape)]
    of = [{"complex": ["$0", "$1"]}]
    z = lambda f: lambda a, b: f(a + 1j * b)
    add("real", "values", pair(3), z(np.real), call=of)
    add("imag", "values", pair(3), z(np.imag), call=of)
    add("abs", "complex", pair(2, 3), z(np.abs), call=of)
    add("mul", "complex", pair(3) + pair(3), lambda a, b, c, d: (a + 1j * b) * (c + 1j * d), call=[*of, {"complex": ["$2", "$3"]}])
    add("add", "complex", pair(3) + pair(3), lambda a, b, c, d: (a + 1j * b) + (c + 1j * d), call=[*of, {"complex": ["$2", "$3"]}])
    for n in [4, 7]:
        add("fft", f"{n}", pair(2, n), z(np.fft.fft), call=of)
        add("ifft", f"{n}", pair(2, n), z(np.fft.ifft), call=of)
        add("rfft", f"{n}", [v.normal(2, n)], np.fft.rfft)
    for name in ["fft", "ifft"]:
        add(f"spectral.{name}", "4", pair(1, 4), z(getattr(np.fft, name)), call=of)
    add("spectral.rfft", "4", [v.normal(1, 4)], np.fft.rfft)
    for op in ["irfft", "spectral.irfft"]:
        real, imag = pair(1, 3)
        imag[:, [0, 2]] = 0
        add(op, "4", [real, imag], z(np.fft.irfft), call=of, gradient=False)

    def frames(x, n, step):
        return np.stack([x[i : i + n] for i in range(0, len(x) - n + 1, step)])

    # As TensorFlow has it: periodic, but for odd lengths.
    hann = lambda n: 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / (n - n % 2))
    add("signal.frame", "values", [v.normal(9)], lambda x: frames(x, 4, 2), 4, 2)
    add("signal.frame", "padded", [v.normal(5)], lambda x: np.stack([x[:3], [x[2], x[3], x[4]], [x[4], 0, 0]]), 3, 2, True)
    add("signal.stft", "values", [v.normal(9)], lambda x: np.fft.rfft(frames(x, 4, 2) * hann(4)), 4, 2, 4)
    add("signal.hannWindow", "5", [], lambda: hann(5), 5)
    add("signal.hannWindow", "6", [], lambda: hann(6), 6)
    add("signal.hammingWindow", "6", [], lambda: 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(6) / 6), 6)
    add("cosineWindow", "6", [], lambda: 0.7 - 0.3 * np.cos(2 * np.pi * np.arange(6) / 6), 6, 0.7, 0.3)


def algebra():
    v = Values("algebra")
    add("linalg.bandPart", "values", [v.normal(3, 4)], lambda x: np.triu(np.tril(x, 2), -1), 1, 2)
    add("linalg.bandPart", "a triangle", [v.normal(2, 3, 3)], lambda x: np.tril(x), -1, 0)

    def orthonormal(x):
        rows = []
        for row in x:
            for other in rows:
                row = row - np.dot(other, row) * other
            rows.append(row / np.sqrt(np.dot(row, row)))
        return np.stack(rows)

    add("linalg.gramSchmidt", "values", [v.normal(2, 3)], orthonormal, second=False)

    def qr(x):
        q, r = np.linalg.qr(x)
        if x.shape[-1] == x.shape[-2]:
            # LAPACK does not turn the last vector of a square matrix round, Householder's reflections do.
            q[..., -1] *= -1
            r[..., -1, :] *= -1
        return [q, r]

    for shape in [[3, 3], [4, 2], [2, 3, 3]]:
        add("linalg.qr", f"{shape}", [v.normal(*shape)], qr, gradient=False)


def sparse():
    whole = lambda x: np.array(x, np.int32)
    x = np.float32([[1, 2], [-3, 4], [5, -6]])
    rows, segments = whole([0, 1, 2]), whole([0, 0, 1])
    add("sparse.sparseSegmentSum", "values", [x, rows, segments], lambda x, r, s: np.stack([x[0] + x[1], x[2]]))
    add("sparse.sparseSegmentMean", "values", [x, rows, segments], lambda x, r, s: np.stack([(x[0] + x[1]) / 2, x[2]]))
    add("sparse.sparseReshape", "values", [whole([[0, 0], [1, 2]]), whole([2, 3]), whole([3, -1])], lambda i, a, b: [np.array([[0, 0], [2, 1]]), np.array([3, 2])])
    add("sparse.sparseFillEmptyRows", "values", [whole([[0, 1], [2, 0]]), np.float32([1.5, 2]), whole([3, 2]), np.float32(-1)], lambda i, v, s, d: [np.array([[0, 1], [1, 0], [2, 0]]), np.float64([1.5, -1, 2]), np.array([False, True, False]), np.array([0, 2])], gradient=False)
    add("raggedRange", "values", [whole([0, 5]), whole([3, 6]), whole([1, 1])], lambda a, b, c: [np.array([0, 3, 4]), np.array([0, 1, 2, 5])])


def cases():
    spectra()
    algebra()
    sparse()
