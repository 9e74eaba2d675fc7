"""Makes packages/checkpoint/test/golden/other-files.json: the first bytes of files that people give where a safetensors, .npz or .npy file
must be, as the programs write them that make such files."""

import base64
import bz2
import collections
import gzip
import io
import json
import lzma
import pathlib
import pickle
import tarfile
import warnings

import numpy as np
import torch
from flax.serialization import msgpack_serialize
from safetensors.torch import save
from torch.onnx._internal.torchscript_exporter import onnx_proto_utils


def tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return file.getvalue()


def onnx():
    # This step needs the package onnx, and does nothing for such a model.
    onnx_proto_utils._add_onnxscript_fn = lambda model, functions: model
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),), file, dynamo=False)
    return file.getvalue()


def saved(save_to, *arguments, **options):
    file = io.BytesIO()
    save_to(file, *arguments, **options)
    return file.getvalue()


def torch_file(**options):
    return saved(lambda file: torch.save(torch.nn.Linear(2, 2).state_dict(), file, **options))


def main():
    array = np.ones(2, "<f4")
    objects = {
        "dictionary": {"a": array, "b": [1]},
        "empty dictionary": {},
        "list": [1, 2],
        "list of dictionaries": [{"a": 1}],
        "numbers": (1, 2),
        "names": ("a", "b"),
        "dictionary and list": ({"a": 1}, [2]),
        "ordered": collections.OrderedDict(a=array),
        "array": array,
    }
    files = {
        f"pickle {name}, protocol {protocol}": pickle.dumps(value, protocol)
        for name, value in objects.items()
        for protocol in range(6)
    }
    for protocol in (0, 1, 2):
        options = {"pickle_protocol": protocol, "_use_new_zipfile_serialization": False}
        files[f"pickle of torch.save, protocol {protocol}"] = torch_file(**options)
    files |= {
        "zip of torch.save": torch_file(),
        "npy": saved(np.save, array),
        "npz": saved(np.savez, a=array),
        "empty npz": saved(np.savez),
        "safetensors": save({"a": torch.ones(2)}),
        "msgpack": msgpack_serialize({"params": {"kernel": array}}),
        "msgpack of many": msgpack_serialize({f"layer_{at}": array for at in range(20)}),
        "onnx": onnx(),
        "tar": tar(),
        "gzip": gzip.compress(b"data", mtime=0),
        "bzip2": bz2.compress(b"data"),
        "xz": lzma.compress(b"data"),
    }
    description = {
        "generator": "oracles/other_files.py",
        "numpy": np.__version__,
        "torch": torch.__version__,
        "files": {name: base64.b64encode(content[: 270 if name == "tar" else 60]).decode() for name, content in files.items()},
    }
    path = pathlib.Path(__file__).resolve().parent.parent / "packages/checkpoint/test/golden/other-files.json"
    path.write_text(json.dumps(description, indent=1) + "\n")


if __name__ == "__main__":
    main()
