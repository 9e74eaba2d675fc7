"""Makes packages/nevis-stream/test/golden/splits.json with numpy's legacy generator.

NEVIS'22's random splits: one multinomial draw of RandomState(0) per example, fractions in the order of the
splits' names. Also the sizes that follow for the data sets whose number of examples is known.
"""

import hashlib
import json
import pathlib

import numpy as np

FRACTIONS = {
    "all": {"dev": 0.12, "dev_test": 0.12, "test": 0.2, "train": 0.56},
    "train": {"dev": 0.15, "dev_test": 0.15, "train": 0.7},
    "trainAndDev": {"dev": 0.2, "train": 0.8},
    "testAndDevTest": {"dev_test": 0.5, "test": 0.5},
}
SIZES = {
    "LandSat": ("train", 4435),
    "Semeion": ("all", 1593),
    "USPS": ("train", 7291),
    "MNIST-rot": ("train", 60000),
    "COIL 20": ("all", 1440),
    "Olivetti": ("all", 400),
}
FIRST, ALL = 200, 60000


def counts(drawn, names):
    return {name: int((drawn == at).sum()) for at, name in enumerate(names)}


def main():
    arrays, meta = {}, {"generator": "oracles/splits.py", "numpy": np.__version__}
    draws = {}
    for kind, fractions in FRACTIONS.items():
        random = np.random.RandomState(0)
        p = list(fractions.values())
        draws[kind] = np.array([random.multinomial(1, p).argmax() for _ in range(ALL)], np.uint8)
        data = draws[kind][:FIRST].tolist()
        arrays[kind] = {"dtype": "int32", "shape": [FIRST], "data": data}
    meta["kinds"] = {
        kind: {
            "names": list(fractions),
            "counts": {str(n): counts(draws[kind][:n], fractions) for n in (1000, 20000)},
            "sha256": hashlib.sha256(draws[kind].tobytes()).hexdigest(),
        }
        for kind, fractions in FRACTIONS.items()
    }
    meta["count"] = ALL
    meta["sizes"] = {
        name: {"kind": kind, "count": n, "sizes": counts(draws[kind][:n], FRACTIONS[kind])}
        for name, (kind, n) in SIZES.items()
    }
    golden = pathlib.Path(__file__).parent.parent / "packages/nevis-stream/test/golden/splits.json"
    golden.write_text(json.dumps({"meta": meta, "arrays": arrays}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
