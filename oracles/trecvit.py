"""Makes trecvit.npz and trecvit-gradients.npz in packages/trecvit/test/golden with the official code of TRecViT.

    python oracles/trecvit.py --official DIR --recurrentgemma DIR [--check]

The first DIR is a checkout of google-deepmind/trecvit, the second one of google-deepmind/recurrentgemma, on which it is built.
Parameters and inputs are random numbers that stay as they are in the files; what the official code makes of them is computed
anew, in float32. With --check nothing is written, and it fails where a committed number is further away than rounding.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import types
from unittest import mock

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "packages/trecvit/test/golden"
# How far two versions of the libraries may round apart, as a share of the array's largest magnitude. Gradients of the bias of
# keys, which cancel, are rounding alone: they count as shares of a hundredth.
ROUNDING = 1e-5

SMALL = {"width": 32, "depth": 2, "mlp_dim": 64, "num_heads": 2, "rep_size": 48, "num_classes": 5}
WITH_GRADIENTS = {"width": 24, "depth": 2, "mlp_dim": 48, "num_heads": 3, "rep_size": 40, "num_classes": 7}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--official", type=pathlib.Path, required=True)
    parser.add_argument("--recurrentgemma", type=pathlib.Path, required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    checkouts = {
        "google-deepmind/trecvit": arguments.official.resolve(),
        "google-deepmind/recurrentgemma": arguments.recurrentgemma.resolve(),
    }
    sys.path[:0] = map(str, checkouts.values())
    import jaxtyping  # noqa: F401, it looks for typeguard while it is imported

    # RecurrentGemma wants an old version of the one, to check types while it runs, and the other for text.
    sys.modules["typeguard"] = types.SimpleNamespace(typechecked=lambda function: function)
    sys.modules["sentencepiece"] = mock.MagicMock()
    import flax
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")
    source = " on ".join(f"{name}@{commit(path)}" for name, path in checkouts.items())
    versions = {"jax": jax.__version__, "flax": flax.__version__, "numpy": np.__version__}
    small, with_gradients = committed("trecvit"), committed("trecvit-gradients")
    video = small["__in/video"]
    made = {
        "trecvit": {
            **outputs(model_of(SMALL, video), small),
            **streamed_states(SMALL, small),
        },
        "trecvit-gradients": {
            **outputs(model_of(WITH_GRADIENTS, with_gradients["__in/video"]), with_gradients),
            **layers(WITH_GRADIENTS, with_gradients),
            **gradients(WITH_GRADIENTS, with_gradients),
        },
    }
    settings = {"trecvit": SMALL, "trecvit-gradients": WITH_GRADIENTS}
    for name, results in made.items():
        if arguments.check:
            check(name, results)
        else:
            given = {of: value for of, value in committed(name).items() if is_given(of)}
            notes = {
                "generator": "oracles/trecvit.py",
                "official": source,
                **versions,
                "settings": settings[name],
                "gradients": "of sum(__in/cotangent * logits)",
            }
            write(name, {**given, **results}, notes)


def commit(path):
    return subprocess.run(
        ["git", "-C", path, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def committed(name):
    with np.load(GOLDEN / f"{name}.npz") as file:
        return {of: file[of] for of in file.files if of != "notes.json"}


def is_given(name):
    """Parameters have the official names; inputs begin with __in/."""
    return name.startswith("__in/") or not name.startswith("__")


def model_of(settings, video):
    """What `get_model` composes, at these sizes."""
    from trecvit import modules

    sizes = {name: settings[name] for name in ("width", "depth", "mlp_dim", "num_heads")}
    return modules.TRecViT(
        tokenizer=modules.Tokenizer(width=settings["width"]),
        encoder=modules.LRUViT(
            **sizes, conv1d_temporal_width=4, state_multiplier=2, min_rad=0.5
        ),
        decoder=modules.ClassificationDecoder(
            **{name: settings[name] for name in ("num_classes", "width", "rep_size")}
        ),
        frames_per_clip=video.shape[1],
    )


def tree(arrays):
    import flax

    params = {name: value for name, value in arrays.items() if not name.startswith("__")}
    return flax.traverse_util.unflatten_dict(params, sep="/")


def outputs(model, golden):
    results = model.apply({"params": tree(golden)}, golden["__in/video"])
    names = ("tokens", "encoded", "pre_logits", "logits", "probs")
    return {f"__out/{name}": np.asarray(results[name]) for name in names}


def through_layers(settings, golden, tokens, position, caches):
    """Tokens [B, T, N, D] through the layers of the encoder, with what comes out of each block and the states after it."""
    import einops
    from recurrentgemma import common
    from recurrentgemma.jax import modules as recurrent
    from trecvit import modules

    batch, steps, count, _ = tokens.shape
    params = tree(golden)["encoder"]
    width, heads, mlp_dim = (settings[name] for name in ("width", "num_heads", "mlp_dim"))
    positions = np.tile(np.arange(position, position + steps), (batch * count, 1))
    x, passed, states = tokens, [], []
    for layer in range(settings["depth"]):
        residual = recurrent.ResidualBlock(
            width=width,
            mlp_expanded_width=mlp_dim,
            num_heads=heads,
            attention_window_size=2048,
            temporal_block_type=common.TemporalBlockType.RECURRENT,
            lru_width=2 * width,
            conv1d_temporal_width=4,
            use_mlp=False,
        )
        block = modules.Encoder1DBlock(mlp_dim=mlp_dim, num_heads=heads)
        x = einops.rearrange(x, "b t n c -> (b n) t c")
        x, state = residual.apply(
            {"params": params[f"residualblock_{layer:02d}"]}, x, positions, caches[layer]
        )
        after_residual = einops.rearrange(x, "(b n) t c -> b t n c", n=count)
        x = einops.rearrange(after_residual, "b t n c -> (b t) n c")
        x, _ = block.apply({"params": params[f"encoderblock_{layer}"]}, x)
        x = einops.rearrange(x, "(b t) n c -> b t n c", b=batch)
        passed.append({"after_residual": after_residual, "after_encoder": x})
        states.append(state)
    return x, passed, states


def tokens_of(settings, golden):
    model = model_of(settings, golden["__in/video"])
    return model.apply({"params": tree(golden)}, golden["__in/video"])["tokens"]


def streamed_states(settings, golden):
    """The states after all frames, which come one by one."""
    tokens = tokens_of(settings, golden)
    states = [None] * settings["depth"]
    for frame in range(tokens.shape[1]):
        now = tokens[:, frame : frame + 1]
        _, _, states = through_layers(settings, golden, now, frame, states)
    return {
        f"__state/{layer}/{name}": np.asarray(getattr(state, name))
        for layer, state in enumerate(states)
        for name in ("rg_lru_state", "conv1d_state")
    }


def layers(settings, golden):
    tokens = tokens_of(settings, golden)
    _, passed, states = through_layers(settings, golden, tokens, 0, [None] * settings["depth"])
    results = {}
    for layer, (values, state) in enumerate(zip(passed, states)):
        results[f"__layer/{layer}/after_residual"] = values["after_residual"]
        results[f"__layer/{layer}/rg_lru_state"] = state.rg_lru_state
        results[f"__layer/{layer}/conv1d_state"] = state.conv1d_state
        results[f"__layer/{layer}/after_encoder"] = values["after_encoder"]
    return {name: np.asarray(value) for name, value in results.items()}


def gradients(settings, golden):
    import flax
    import jax
    import jax.numpy as jnp

    model = model_of(settings, golden["__in/video"])

    def loss(params, video):
        return jnp.sum(model.apply({"params": params}, video)["logits"] * golden["__in/cotangent"])

    by_params, by_video = jax.grad(loss, argnums=(0, 1))(tree(golden), golden["__in/video"])
    flat = flax.traverse_util.flatten_dict(by_params, sep="/")
    results = {"__in/video": by_video, **dict(sorted(flat.items()))}
    return {f"__grad/{name}": np.asarray(value) for name, value in results.items()}


def check(name, arrays):
    golden = {of: value for of, value in committed(name).items() if not is_given(of)}
    if arrays.keys() != golden.keys():
        raise SystemExit(f"{name}.npz has other arrays: {sorted(arrays.keys() ^ golden.keys())}")
    apart = {
        of: np.abs(value - golden[of]).max() / max(0.01, np.abs(golden[of]).max())
        for of, value in arrays.items()
    }
    worst = max(apart, key=apart.get)
    print(f"{name}.npz: {len(apart)} arrays, {worst} is {apart[worst]:.1e} away, the others less")
    if not apart[worst] <= ROUNDING:
        raise SystemExit(f"{name}.npz: {worst} is more than {ROUNDING} away")


def write(name, arrays, notes):
    text = np.frombuffer(json.dumps(notes, indent=1).encode(), np.uint8)
    np.savez_compressed(GOLDEN / f"{name}.npz", **arrays, **{"notes.json": text})


if __name__ == "__main__":
    main()
