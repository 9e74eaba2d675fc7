"""Makes official-memory.npz in packages/product-keys/test/golden and official-peer.npz in packages/peer/test/golden with published codes.

    python oracles/peer.py --peer-pytorch DIR --memory DIR --xlm DIR [--check]

The first DIR is a checkout of lucidrains/PEER-pytorch (the files are of 6cb671f), the second one of facebookresearch/memory (7f85280),
the third one of facebookresearch/XLM (cd281d3). Parameters, inputs and the weights of the sums whose gradients are taken are random numbers that stay as they
are in the files; what the published code makes of them is computed anew, in float64. With --check nothing is written, and it fails
where a committed number is further away than rounding to float32.
"""

import argparse
import importlib
import pathlib
import re
import sys
from unittest import mock

import numpy as np
import torch
from torch.nn import functional as F

PACKAGES = pathlib.Path(__file__).resolve().parent.parent / "packages"
FILES = ("product-keys/test/golden/official-memory.npz", "peer/test/golden/official-peer.npz")
# How far numbers rounded to float32 may be from float64, as a share of the array's largest magnitude.
ROUNDING = 1e-6
# Gradients that are nothing but the rounding of float64, as that of a bias before a batch norm, count as shares of this.
SMALLEST = 1e-6
GIVEN = re.compile(r"param/.*|buffer_before/.*|x|cotangent")

WIDTH, HEADS, KEYS, HALF, BEST = 16, 3, 12, 8, 4


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for code in ("peer-pytorch", "memory", "xlm"):
        parser.add_argument(f"--{code}", type=pathlib.Path, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    sys.path[:0] = [str(path.resolve()) for path in (arguments.peer_pytorch, arguments.memory, arguments.xlm)]
    torch.set_default_dtype(torch.float64)
    for file in FILES:
        path = PACKAGES / file
        with np.load(path) as arrays:
            committed = {name: arrays[name] for name in arrays.files}
        groups = {}
        for name, value in committed.items():
            if name != "notes.json":
                group, _, rest = name.partition("/")
                groups.setdefault(group, {})[rest] = value
        results = {}
        for group, values in groups.items():
            given = {name: value for name, value in values.items() if GIVEN.fullmatch(name)}
            outputs = run(MODELS[group](), given, training=group.endswith("_train"))
            missing = set(values) ^ set(given) ^ set(outputs)
            if missing:
                sys.exit(f"{path.name}, {group}: {sorted(missing)} are in one of both alone")
            results |= {f"{group}/{name}": value for name, value in outputs.items()}
        if arguments.check:
            check(path.name, results, committed)
        else:
            stored = {name: value.astype(committed[name].dtype) for name, value in results.items()}
            np.savez_compressed(path, **{**committed, **stored})


def check(file, results, committed):
    furthest = 0
    for name, value in results.items():
        expected = committed[name]
        distance = np.abs(value - expected).max() / max(np.abs(expected).max(), SMALLEST)
        if distance > ROUNDING:
            sys.exit(f"{file}, {name}: {distance:.1e} of the largest number away")
        furthest = max(furthest, distance)
    print(f"{file}: {len(results)} arrays, at most {furthest:.1e} away")


def run(model, given, training):
    """What the code makes of these numbers, and the gradients of sum(cotangent * y)."""

    def of(prefix):
        return {name[len(prefix) :]: torch.tensor(value) for name, value in given.items() if name.startswith(prefix)}

    state = {**of("param/"), **of("buffer_before/")}
    model.load_state_dict({name: value.double() for name, value in state.items()})
    model.train(training)
    x = torch.tensor(given["x"]).double().requires_grad_()
    # Some of them turn scores to float32 before a softmax.
    with mock.patch.object(torch.Tensor, "float", torch.Tensor.double):
        y, *indices = result if isinstance(result := model(x), tuple) else (result,)
    torch.sum(y * torch.tensor(given["cotangent"])).backward()
    outputs = {"y": y, "dx": x.grad, **({"indices": indices[0]} if indices else {})}
    outputs |= {f"grad/{name}": value.grad for name, value in model.named_parameters()}
    outputs |= {f"buffer_after/{name}": value for name, value in model.named_buffers()}
    return {name: value.detach().numpy() for name, value in outputs.items()}


def peer_pytorch(**options):
    from PEER_pytorch.PEER import PEER

    return PEER(
        WIDTH,
        heads=HEADS,
        num_experts=KEYS**2,
        num_experts_per_head=BEST,
        dim_key=HALF,
        non_competing_scores=False,
        **options,
    )


class ThreeSets(torch.nn.Module):
    def __init__(self):
        super().__init__()
        from PEER_pytorch.PK import PK

        self.pk = PK(WIDTH, heads=2, dim_key=HALF, num_keys=6, product_keys=3, final_topk=5)

    def forward(self, x):
        return self.pk(x)


def memory_layer(**options):
    # Their sum of rows is written in Triton, for GPUs; they name PyTorch's beside it as the same.
    sums = mock.MagicMock(xformers_embedding_bag=F.embedding_bag)
    sys.modules["lingua.product_key.xformer_embeddingbag"] = sums
    from lingua.product_key.memory import HashingMemory

    sizes = {"mem_k_dim": 2 * HALF, "mem_heads": HEADS, "mem_knn": BEST, "mem_n_keys": KEYS}
    layer = HashingMemory(WIDTH, WIDTH, **sizes, mem_share_values=False, **{"swilu_projection": False, **options})
    return layer.double()


def product_key_memory():
    # The rest of its package is about translation, and needs more.
    with mock.patch.dict(sys.modules, {"xlm.model.pretrain": mock.MagicMock(), "xlm.model.transformer": mock.MagicMock()}):
        HashingMemory = importlib.import_module("xlm.model.memory").HashingMemory
    parser = argparse.ArgumentParser()
    HashingMemory.register_args(parser)
    params = parser.parse_args([])
    params.mem_k_dim, params.mem_heads, params.mem_knn, params.mem_n_keys = 2 * HALF, HEADS, BEST, KEYS
    params.mem_query_batchnorm = True
    HashingMemory.check_params(params)
    return HashingMemory.build(WIDTH, WIDTH, params).double()


MODELS = {
    "product_keys_3_sets": ThreeSets,
    "memory_values": memory_layer,
    "memory_plus": lambda: memory_layer(swilu_projection=True),
    "memory_gated": lambda: memory_layer(mem_gated=True),
    "pkm_query_bn_train": product_key_memory,
    "pkm_query_bn_eval": product_key_memory,
    "peer_softmax": peer_pytorch,
    "peer_per_head_tables_prenorm": lambda: peer_pytorch(separate_embed_per_head=True, pre_rmsnorm=True),
    "peer_meta": lambda: memory_layer(peer_variant=True),
}


if __name__ == "__main__":
    main()
