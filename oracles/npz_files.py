"""Makes packages/checkpoint/test/golden/*.npz with NumPy, and npz.json, what is in them as NumPy sees it.

Little- and big-endian elements of every type, stored and deflated; awkward shapes, names and orders; all versions
of the .npy format; bfloat16 as ml_dtypes stores it; sizes behind the data, as in a pipe; ZIP64 records everywhere.
"""

import io
import json
import pathlib
import zipfile

import ml_dtypes
import numpy as np
from checkpoint_files import VALUES, plain

CODES = {
    "F64": "f8",
    "F32": "f4",
    "F16": "f2",
    "I64": "i8",
    "I32": "i4",
    "I16": "i2",
    "I8": "i1",
    "U64": "u8",
    "U32": "u4",
    "U16": "u2",
    "U8": "u1",
    "BOOL": "?",
}


class Pipe(io.RawIOBase):
    """A file that can only be written from front to back."""

    def __init__(self):
        self.content = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.content += data
        return len(data)


def npy(array, version):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version, allow_pickle=False)
    return file.getvalue()


def describe(array):
    values = array.flatten().tolist()
    return {"shape": list(array.shape), "data": [plain(value) for value in values]}


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "packages/checkpoint/test/golden"
    files = {}

    def save(name, arrays, savez=np.savez, values=None):
        savez(folder / f"{name}.npz", **arrays)
        files[name] = {key: describe(array) for key, array in (values or arrays).items()}

    def every(order):
        return {
            code: np.array(VALUES[code][1], order + CODES[code]) for code in CODES
        }

    save("every-dtype", every("<"))
    save("big-endian", every(">"), np.savez_compressed)

    random = np.random.default_rng(20260104)
    cube = random.standard_normal([2, 3, 4]).astype("<f4")
    save(
        "orders",
        {
            "block/head/kernel:0": np.asfortranarray(cube),
            "rows": cube,
            "transposed": cube.T,
            "fortran, big-endian halves": np.asfortranarray(cube.astype(">f2")),
            "thin": np.asfortranarray(cube[:, :1]),
            "scalar": np.array(2.5),
            "empty": np.asfortranarray(np.zeros([3, 0, 2])),
            "häuser ✓": np.array([1, 2], "<i4"),
            "__proto__": np.array([True]),
        },
        np.savez_compressed,
    )
    bfloats = np.array(VALUES["BF16"][1], ml_dtypes.bfloat16)
    floats = bfloats.astype(np.float32)
    # Raw bytes have no values of their own.
    save(
        "bfloat16",
        {"typed": bfloats, "raw": bfloats.view("V2")},
        values={"typed": floats, "raw": floats},
    )

    pipe = Pipe()
    np.savez_compressed(pipe, cube=cube)
    (folder / "pipe.npz").write_bytes(pipe.content)
    files["pipe"] = {"cube": describe(cube)}

    with zipfile.ZipFile(folder / "versions.npz", "w") as archive:
        for version in ((1, 0), (2, 0), (3, 0)):
            archive.writestr(zipfile.ZipInfo(f"{version[0]}.npy"), npy(cube, version))
        # The header as NumPy for Python 2 wrote it.
        header = b"{'descr': '<u2', 'fortran_order': True, 'shape': (2L, 1L), }\n"
        old = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\x01\x00\x02\x00"
        archive.writestr(zipfile.ZipInfo("old.npy"), old)
    loaded = np.load(folder / "versions.npz")
    files["versions"] = {name: describe(loaded[name]) for name in ("1", "2", "3", "old")}

    limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 16, 1
    save("zip64", {"cube": cube, "scalar": np.array(1, "<i4")}, np.savez_compressed)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits

    description = {"generator": "oracles/npz_files.py", "numpy": np.__version__, "files": files}
    text = json.dumps(description, ensure_ascii=False, separators=(",", ":"))
    (folder / "npz.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
