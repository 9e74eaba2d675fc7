"""Makes data/*.bin.gz and data/manifest.json from two Debian packages; see the README beside this file."""

import argparse
import gzip
import hashlib
import json
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
from rdata import read_data_frame

SPLITS = ["train", "dev", "dev_test", "test"]

# Of the files at the sources' own sites, as NEVIS'22 checks them.
LANDSAT_MD5 = {
    "sat.trn": "2c5ba2900da0183cab2c41fdb279fa5b",
    "sat.tst": "02c995991fecc864e809b2c4c42cd983",
}
# Of the published .gz files, with the times in their headers. Debian removed name and time from the headers,
# so both are put back before the files are checked.
FASHION_FILES = {
    "train-images-idx3-ubyte": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 1504176606),
    "train-labels-idx1-ubyte": ("25c81989df183df01b3e8a0aad5dffbe", 1504176606),
    "t10k-images-idx3-ubyte": ("bef4ecab320f06d8554ea6380940ec79", 1504176627),
    "t10k-labels-idx1-ubyte": ("bb300cfdad3c16e7a12a480ee83cd310", 1504176627),
}
# How many examples of each of the protocol's splits are kept, from the start.
FASHION_KEPT = {"train": 8000, "dev": 1500, "dev_test": 2000, "test": 2000}


def unpack(package, folder):
    """Downloads a Debian package and unpacks it into `folder`."""
    subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    archive = next(folder.glob(f"{package}_*.deb"))
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)


def check_md5(name, content, expected):
    md5 = hashlib.md5(content).hexdigest()
    if md5 != expected:
        raise SystemExit(f"{name} has the MD5 {md5}, which must be {expected}")


def protocol_draw(count):
    """Members of train, dev and dev_test where the source keeps its own test part."""
    random = np.random.RandomState(0)
    fractions = {"dev": 0.15, "dev_test": 0.15, "train": 0.7}  # in the order of the names
    drawn = np.array([random.multinomial(1, list(fractions.values())).argmax() for _ in range(count)])
    return {split: np.flatnonzero(drawn == at) for at, split in enumerate(fractions)}


def landsat(root):
    frame = read_data_frame(root / "usr/lib/R/site-library/mlbench/data/Satellite.rda", "Satellite")
    codes, levels = frame[36]
    values = np.array(frame[:36]).astype(np.uint8).T
    labels = np.array(codes, np.uint8) - 1
    # The original tables number the classes 1, 2, 3, 4, 5 and 7; 6 (a mixture class) has no examples.
    numbers = np.array([1, 2, 3, 4, 5, 7])[labels]
    lines = [
        (" ".join(map(str, row)) + f" {number}\n").encode() for row, number in zip(values, numbers)
    ]
    check_md5("sat.trn", b"".join(lines[:4435]), LANDSAT_MD5["sat.trn"])
    check_md5("sat.tst", b"".join(lines[4435:]), LANDSAT_MD5["sat.tst"])
    assert levels == [
        "red soil",
        "cotton crop",
        "grey soil",
        "damp grey soil",
        "vegetation stubble",
        "very damp grey soil",
    ], levels
    members = protocol_draw(4435) | {"test": np.arange(4435, len(lines))}
    return {
        "name": "LandSat UCI repo",
        "title": "Statlog (Landsat Satellite)",
        "year": 1998,
        "domain": "satellite",
        "shape": [3, 3, 4],
        "classNames": levels,
        "source": "Debian package r-cran-mlbench (Satellite.rda); equal to sat.trn and sat.tst of the UCI repository",
        "url": "https://doi.org/10.24432/C55887",
        "licence": "CC-BY-4.0",
        "attribution": "Srinivasan, A. (1993). Statlog (Landsat Satellite). UCI Machine Learning Repository. https://doi.org/10.24432/C55887",
        "md5": LANDSAT_MD5,
    }, {split: (values[chosen], labels[chosen]) for split, chosen in members.items()}


def fashion(root):
    def read(name):
        packed = (root / f"usr/share/datasets/fashion-mnist/{name}.gz").read_bytes()
        md5, time = FASHION_FILES[name]
        header = b"\x1f\x8b\x08\x08" + struct.pack("<I", time) + b"\0\3" + name.encode() + b"\0"
        check_md5(f"{name}.gz", header + packed[10:], md5)
        content = gzip.decompress(packed)
        return np.frombuffer(content, np.uint8, offset=16 if "images" in name else 8)

    images = read("train-images-idx3-ubyte").reshape(-1, 784)
    labels = read("train-labels-idx1-ubyte")
    test = read("t10k-images-idx3-ubyte").reshape(-1, 784), read("t10k-labels-idx1-ubyte")
    starts = {"train": 0, "dev": 42000, "dev_test": 51000}
    parts = {split: (images[start:], labels[start:]) for split, start in starts.items()} | {"test": test}
    return {
        "name": "Fashion MNIST",
        "title": "Fashion-MNIST",
        "year": 2019,
        "domain": "object",
        "shape": [28, 28, 1],
        "classNames": [
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
        "source": "Debian package dataset-fashion-mnist; the first images of each split of the full set",
        "url": "https://github.com/zalandoresearch/fashion-mnist",
        "licence": "MIT",
        "attribution": "Copyright (c) 2017 Zalando SE, https://tech.zalando.com",
        "md5": {f"{name}.gz": md5 for name, (md5, _) in FASHION_FILES.items()},
    }, {split: tuple(part[: FASHION_KEPT[split]] for part in parts[split]) for split in SPLITS}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "data")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    manifest = {}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for file, package, convert in [
            ("landsat", "r-cran-mlbench", landsat),
            ("fashion-mnist", "dataset-fashion-mnist", fashion),
        ]:
            unpack(package, root)
            about, parts = convert(root)
            # All images in the order of the splits, then all labels.
            content = b"".join(parts[split][at].tobytes() for at in (0, 1) for split in SPLITS)
            manifest[file] = about | {
                "splits": {split: len(parts[split][1]) for split in SPLITS},
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            (out / f"{file}.bin.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
