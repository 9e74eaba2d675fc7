"""Makes packages/checkpoint/test/golden/*.npz with NumPy, and npz.json, what is in them as NumPy sees it.

Little- and big-endian elements of every type, stored and deflated; awkward shapes, names and orders; all versions
of the .npy format; bfloat16 as ml_dtypes stores it; sizes behind the data, as in a pipe; ZIP64 records everywhere.
members.npz and members.json: members that others put into such files, and what numpy.load makes of each. descr.json: other ways
to write an element type.
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


def with_header(text, data):
    header = text.encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def write_members(folder):
    array = npy(np.array([1.5, -2], "<f4"), (1, 0))
    record = np.zeros(1, [(f"field {at}", "<f4") for at in range(900)])
    data = np.array([1.5, -2], "<f4").tobytes()
    members = {
        "first.npy": array,
        "plain": array,
        "loud.NPY": array,
        "both": npy(np.array([1], "<i4"), (1, 0)),
        "both.npy": npy(np.array([2], "<i4"), (1, 0)),
        "./": b"",
        "./here.npy": array,
        "a//b.npy": array,
        "a\\b.npy": array,
        "notes.txt": b"notes " * 50,
        ".DS_Store": b"\0\0\0\1Bud1",
        "__MACOSX/._first.npy": b"\0\5\x16\7" + bytes(50),
        "text.npy": b"this is text",
        "empty.npy": b"",
        "later.npy": array[:6] + b"\x04" + array[7:],
        "record.npy": npy(record, (1, 0)),
        "bytes.npy": npy(np.zeros(2, "V2"), (1, 0)),
        "native.npy": with_header("{'descr': 'f4', 'fortran_order': False, 'shape': (2,), }\n", data),
        "quotes.npy": with_header('{"descr": "<f4", "fortran_order": False, "shape": (2,)}\n', data),
        "python2.npy": with_header("{u'descr': u'<f4', u'fortran_order': False, u'shape': (2L,)}", data),
        "bzip2.npy": array,
        "last.npy": array,
    }
    with zipfile.ZipFile(folder / "members.npz", "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            # Neither is read by us.
            rare = {"notes.txt": zipfile.ZIP_LZMA, "bzip2.npy": zipfile.ZIP_BZIP2}
            info.compress_type = rare.get(name, zipfile.ZIP_DEFLATED)
            with archive.open(info, "w") as file:
                file.write(content)
    loaded = np.load(folder / "members.npz")
    found = {}
    for name in loaded.files:
        try:
            member = loaded[name]
            found[name] = (
                {"dtype": member.dtype.str, **(describe(member) if member.dtype.kind in "fi" else {})}
                if isinstance(member, np.ndarray)
                else "bytes"
            )
        except ValueError as error:
            found[name] = f"error: {error}".splitlines()[0]
    # Under the same name as another member without its ending.
    found["both.npy"] = {"dtype": loaded["both.npy"].dtype.str, **describe(loaded["both.npy"])}
    return found


def descriptors():
    """What NumPy takes descriptors for: little-endian machines, as those of today are."""
    codes = "f8 d f4 f f2 e i8 q i4 i i2 h i1 b u8 Q u4 I u2 H u1 B b1 ? f1 f16 c8 U1 S1 O".split()
    names = "float64 double float float32 single float16 half int64 longlong int32 intc int16 short int8 byte".split()
    names += "uint64 ulonglong uint32 uintc uint16 ushort uint8 ubyte bool bool_ complex64 float8 F4".split()
    found = {}
    for order in ("", "<", ">", "=", "|"):
        for name in codes + names:
            try:
                found[order + name] = np.lib.format.descr_to_dtype(order + name).str
            except (TypeError, ValueError):
                found[order + name] = None
    return found


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

    others = {"members": write_members(folder), "descr": descriptors()}
    for name, found in others.items():
        description = {"generator": "oracles/npz_files.py", "numpy": np.__version__, name: found}
        (folder / f"{name}.json").write_text(json.dumps(description, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
