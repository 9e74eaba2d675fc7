"""Makes packages/checkpoint/test/golden: safetensors files written by the reference implementation.

every-dtype.safetensors holds one array of each element type, writable-dtypes.safetensors
one of each that we write, shapes.safetensors awkward shapes and names,
and the JSON beside each what is in it as Python sees it. Numbers that JSON cannot hold are written as text.
half.json holds digests of all 65536 values of both half precisions as float32, and of all 256 of both FP8.
"""

import hashlib
import json
import math
import pathlib

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file

VALUES = {
    "F64": (torch.float64, [0.0, -1.5, 1 / 3, 5e-324, 1.7976931348623157e308, math.inf, math.nan]),
    "F32": (torch.float32, [0.0, -1.5, 1 / 3, 1e-45, 3.4028234663852886e38, -math.inf, math.nan]),
    "F16": (torch.float16, [0.0, -0.0, 1 / 3, 6e-8, 6.1e-5, 65504.0, math.inf, -math.inf, math.nan]),
    "BF16": (torch.bfloat16, [0.0, -0.0, 1 / 3, 1e-40, 3.3895313892515355e38, math.inf, math.nan]),
    "I64": (torch.int64, [0, -1, 2**63 - 1, -(2**63)]),
    "I32": (torch.int32, [0, -1, 2**31 - 1, -(2**31)]),
    "I16": (torch.int16, [0, -1, 2**15 - 1, -(2**15)]),
    "I8": (torch.int8, [0, -1, 127, -128]),
    "U64": (torch.uint64, [0, 1, 2**64 - 1]),
    "U32": (torch.uint32, [0, 1, 2**32 - 1]),
    "U16": (torch.uint16, [0, 1, 2**16 - 1]),
    "U8": (torch.uint8, [0, 1, 255]),
    "BOOL": (torch.bool, [True, False, True]),
}


def plain(value):
    """A value as JSON can hold it; integers beyond 2^53 as text."""
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value) or (value == 0 and math.copysign(1, value) < 0):
            return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN" if value else "-0")
        return value
    if isinstance(value, bool):
        return int(value)
    return value if abs(value) < 2**53 else str(value)


def write(folder, name, tensors, metadata):
    save_file(tensors, folder / f"{name}.safetensors", metadata=metadata)
    description = {
        "generator": "oracles/checkpoint_files.py",
        "safetensors": safetensors.__version__,
        "metadata": metadata or {},
        "tensors": {
            key: {
                "shape": list(tensor.shape),
                "data": [plain(value) for value in tensor.flatten().tolist()],
            }
            for key, tensor in tensors.items()
        },
    }
    (folder / f"{name}.json").write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n")


def digest(values):
    """SHA-256 of float32 numbers, little-endian, every NaN with the same bits."""
    bits = values.astype("<f4").view("<u4").copy()
    bits[np.isnan(values)] = 0x7FC00000
    return hashlib.sha256(bits.tobytes()).hexdigest()


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    folder = root / "packages/checkpoint/test/golden"
    folder.mkdir(parents=True, exist_ok=True)
    every = {code: torch.tensor(values, dtype=dtype) for code, (dtype, values) in VALUES.items()}
    write(folder, "every-dtype", every, {"format": "pt"})
    halves = ("F16", "BF16")
    writable = {code: tensor for code, tensor in every.items() if code not in halves}
    write(folder, "writable-dtypes", writable, {"format": "pt"})
    random = np.random.default_rng(7)
    write(
        folder,
        "shapes",
        {
            "a/scalar": torch.tensor(2.5),
            "a/empty": torch.zeros([0, 3]),
            "b.matrix": torch.tensor(random.standard_normal([3, 5]).astype(np.float32)),
            "häuser ✓": torch.tensor([1, 2], dtype=torch.int32),
            "10": torch.tensor([10], dtype=torch.int32),
            "2": torch.tensor([2], dtype=torch.int32),
            'quoted "name"\\': torch.tensor([True]),
            "__proto__": torch.tensor([7], dtype=torch.uint8),
            # In UTF-16 the second one comes first.
            "\uff5e": torch.tensor([1], dtype=torch.uint8),
            "\U0001f600": torch.tensor([2], dtype=torch.uint8),
        },
        None,
    )
    bits = np.arange(2**16, dtype=np.uint16)
    bfloats = torch.tensor(bits.view(np.int16)).view(torch.bfloat16).to(torch.float32).numpy()
    halves = {"F16": digest(bits.view(np.float16).astype(np.float32)), "BF16": digest(bfloats)}
    octets = torch.arange(256, dtype=torch.uint8)
    for code, dtype in (("F8_E4M3", torch.float8_e4m3fn), ("F8_E5M2", torch.float8_e5m2)):
        halves[code] = digest(octets.view(dtype).to(torch.float32).numpy())
    description = {"generator": "oracles/checkpoint_files.py", "numpy": np.__version__, **halves}
    (folder / "half.json").write_text(json.dumps(description, indent=1) + "\n")


if __name__ == "__main__":
    main()
