"""Layers of a vision transformer and of Griffin in plain JAX; parameters by the names of the official code."""

import jax
import jax.numpy as jnp


def norm(x, scale, bias, eps=1e-6):
    mean = jnp.mean(x, -1, keepdims=True)
    variance = jnp.var(x, -1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + eps) * scale + bias


def rms_norm(x, scale, eps=1e-6):
    square = jnp.mean(jnp.square(x), -1, keepdims=True)
    return x * jax.lax.rsqrt(square + eps) * scale


def linear(y, t, name):
    kernel = t[f"{name}/kernel"].reshape(y.shape[-1], -1)
    return y @ kernel + t[f"{name}/bias"].reshape(-1)


def attend(y, t, heads):
    batch, tokens, _ = y.shape
    attention = "MultiHeadDotProductAttention_0"
    q, k, v = (
        linear(y, t, f"{attention}/{name}").reshape(batch, tokens, heads, -1)
        for name in ("query", "key", "value")
    )
    context = jax.nn.dot_product_attention(q, k, v).reshape(y.shape)
    return linear(context, t, f"{attention}/out")


def encoder_block(x, t, heads, eps=1e-6):
    y = norm(x, t["LayerNorm_0/scale"], t["LayerNorm_0/bias"], eps)
    attended = x + attend(y, t, heads)
    y = norm(attended, t["LayerNorm_1/scale"], t["LayerNorm_1/bias"], eps)
    active = jax.nn.gelu(linear(y, t, "MlpBlock_0/Dense_0"), approximate=True)
    return attended + linear(active, t, "MlpBlock_0/Dense_1")


def scan_by_steps(a, x):
    def step(h, now):
        a, x = now
        h = a * h + x
        return h, h

    planes = jnp.swapaxes(a, 0, 1), jnp.swapaxes(x, 0, 1)
    return jnp.swapaxes(jax.lax.scan(step, jnp.zeros_like(planes[1][0]), planes)[1], 0, 1)


def scan_by_halves(a, x):
    def join(first, second):
        return first[0] * second[0], first[1] * second[0] + second[1]

    return jax.lax.associative_scan(join, (a, x), axis=1)[1]


# Which of them is faster depends on the shape.
scans = {"lax.scan": scan_by_steps, "lax.associative_scan": scan_by_halves}


def recurrent_block(x, t, scan, state=None, begins=None):
    """Of `x` [rows, steps, ..., width], and the state after it, which is `h` and the convolution's last inputs.

    With a `state`, `x` has one step, which is the first of all where `begins` is true.
    """
    steps = x.shape[1]
    side = jax.nn.gelu(linear(x, t, "linear_y"), approximate=True)
    inner = linear(x, t, "linear_x")
    taps = t["conv_1d/w"]
    back = len(taps) - 1
    before = jnp.zeros_like(inner, shape=(len(x), back, *inner.shape[2:])) if state is None else state["conv"]
    inputs = jnp.concatenate([before, inner], 1)
    unit = t["conv_1d/b"] + sum(inputs[:, at : at + steps] * taps[at] for at in range(back + 1))

    def gate(name):
        w = t[f"rg_lru/{name}/w"]
        y = jnp.einsum("mhi,hij->mhj", unit.reshape(-1, *w.shape[:2]), w) + t[f"rg_lru/{name}/b"]
        return jax.nn.sigmoid(y.reshape(unit.shape))

    log_a = gate("a_gate") * (-8 * jax.nn.softplus(t["rg_lru/a_param"]))
    # The first step is taken as it is.
    if state is None:
        root = jnp.sqrt(1 - jnp.exp(2 * log_a[:, 1:]))
        gamma = jnp.concatenate([jnp.ones_like(log_a[:, :1]), root], 1)
        h = scan(jnp.exp(log_a), gamma * gate("input_gate") * unit)
    else:
        gamma = jnp.where(begins, 1, jnp.sqrt(1 - jnp.exp(2 * log_a)))
        h = jnp.exp(log_a) * state["h"][:, None] + gamma * gate("input_gate") * unit
    return linear(h * side, t, "linear_out"), {"h": h[:, -1], "conv": inputs[:, steps:]}
