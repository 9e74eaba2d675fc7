"""TRecViT in plain JAX; parameters by the names of the official checkpoints."""

import jax
import jax.numpy as jnp

from jax_layers import encoder_block, linear, norm, recurrent_block, rms_norm


def below(params, prefix):
    return {name[len(prefix) :]: value for name, value in params.items() if name.startswith(prefix)}


def depth(params):
    return sum(name.endswith("temporal_pre_norm/scale") for name in params)


def tokenize(video, params):
    """[batch, frames, tokens, width] of a video [batch, frames, rows, columns, channels]."""
    kernel = params["tokenizer/embedding/kernel"]
    _, patch, _, channels, width = kernel.shape
    batch, frames, rows, columns, _ = video.shape
    grid = video.reshape(batch, frames, rows // patch, patch, columns // patch, patch * channels)
    patches = grid.swapaxes(3, 4).reshape(batch, frames, -1, patch * patch * channels)
    tokens = patches @ kernel.reshape(-1, width) + params["tokenizer/embedding/bias"]
    first = jnp.broadcast_to(params["tokenizer/cls"][None], (batch, frames, 1, width))
    return jnp.concatenate([first, tokens + params["tokenizer/pos_embedding"]], 2)


def features_of(video, params, heads, scan, state=None):
    """What the head reads, [batch, frames, tokens, width], and the states of the layers after it."""
    x = tokenize(video, params)
    shape = x.shape
    states = []
    for layer in range(depth(params)):
        block = below(params, f"encoder/residualblock_{layer:02}/")
        y = rms_norm(x, 1 + block["temporal_pre_norm/scale"])
        in_time = {} if state is None else {"state": state["layers"][layer], "begins": state["seen"] == 0}
        y, after = recurrent_block(y, below(block, "recurrent_block/"), scan, **in_time)
        states.append(after)
        rows = (x + y).reshape(-1, *shape[2:])
        x = encoder_block(rows, below(params, f"encoder/encoderblock_{layer}/"), heads).reshape(shape)
    return norm(x, params["encoder/encoder_norm/scale"], params["encoder/encoder_norm/bias"]), states


def pre_logits(features, params):
    return jnp.tanh(linear(features[:, :, 0], params, "decoder/pre_logits"))


def clip(video, params, heads, scan):
    """Features and logits of a clip."""
    features, _ = features_of(video, params, heads, scan)
    return features, linear(jnp.mean(pre_logits(features, params), 1), params, "decoder/cls_head")


def begin(params, batch, tokens):
    """The state before the first frame."""
    taps, inner = params["encoder/residualblock_00/recurrent_block/conv_1d/w"].shape
    layer = lambda: {"h": jnp.zeros((batch, tokens, inner)), "conv": jnp.zeros((batch, taps - 1, tokens, inner))}
    return {
        "layers": [layer() for _ in range(depth(params))],
        "seen": jnp.zeros((), jnp.int32),
        "mean": jnp.zeros((batch, params["decoder/cls_head/kernel"].shape[0])),
    }


def push(frame, params, heads, state):
    """Features of one frame [batch, 1, rows, columns, channels], logits of all so far, and the state after it."""
    features, layers = features_of(frame, params, heads, None, state)
    seen = state["seen"] + 1
    mean = state["mean"] + (pre_logits(features, params)[:, 0] - state["mean"]) / seen
    return features, linear(mean, params, "decoder/cls_head"), {"layers": layers, "seen": seen, "mean": mean}
