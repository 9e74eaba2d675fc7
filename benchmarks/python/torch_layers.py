"""Layers of a vision transformer and of Griffin in PyTorch; parameters by the names of the official code."""

import torch
import torch.nn.functional as F


def linear(y, p, name):
    kernel = p[f"{name}/kernel"].reshape(y.shape[-1], -1)
    return y @ kernel + p[f"{name}/bias"].reshape(-1)


def attend(y, p, heads):
    batch, tokens, _ = y.shape
    attention = "MultiHeadDotProductAttention_0"
    q, k, v = (
        linear(y, p, f"{attention}/{name}").reshape(batch, tokens, heads, -1).transpose(1, 2)
        for name in ("query", "key", "value")
    )
    context = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(y.shape)
    return linear(context, p, f"{attention}/out")


def encoder_block(x, p, heads, eps=1e-6):
    def norm(y, name):
        return F.layer_norm(y, y.shape[-1:], p[f"{name}/scale"], p[f"{name}/bias"], eps)

    attended = x + attend(norm(x, "LayerNorm_0"), p, heads)
    hidden = linear(norm(attended, "LayerNorm_1"), p, "MlpBlock_0/Dense_0")
    return attended + linear(F.gelu(hidden, approximate="tanh"), p, "MlpBlock_0/Dense_1")


def scan_by_halves(a, x):
    from torch._higher_order_ops.associative_scan import associative_scan

    def join(first, second):
        return first[0] * second[0], first[1] * second[0] + second[1]

    return associative_scan(join, (a, x), dim=1, combine_mode="generic")[1]


def scan_by_steps(a, x):
    # The gradient of unbind is one stack; that of indexing would fill a whole tensor for each step.
    gates, added = a.unbind(1), x.unbind(1)
    states = [added[0]]
    for gate, step in zip(gates[1:], added[1:]):
        states.append(gate * states[-1] + step)
    return torch.stack(states, 1)


def recurrent_block(x, t, scan=scan_by_steps, state=None, begins=None):
    """Of `x` [rows, steps, ..., width], and the state after it, which is `h` and the convolution's last inputs.

    With a `state`, `x` has one step, which is the first of all where `begins` is true.
    """
    steps = x.shape[1]
    side = F.gelu(linear(x, t, "linear_y"), approximate="tanh")
    inner = linear(x, t, "linear_x")
    taps = t["conv_1d/w"]
    back = len(taps) - 1
    before = inner.new_zeros(len(x), back, *inner.shape[2:]) if state is None else state["conv"]
    inputs = torch.cat([before, inner], 1)
    unit = t["conv_1d/b"] + sum(inputs[:, at : at + steps] * taps[at] for at in range(back + 1))

    def gate(name):
        w = t[f"rg_lru/{name}/w"]
        blocks = unit.reshape(-1, *w.shape[:2]).transpose(0, 1)
        y = torch.baddbmm(t[f"rg_lru/{name}/b"][:, None], blocks, w)
        return torch.sigmoid(y.transpose(0, 1).reshape(unit.shape))

    log_a = gate("a_gate") * (-8 * F.softplus(t["rg_lru/a_param"]))
    # The first step is taken as it is.
    if state is None:
        root = torch.sqrt(1 - torch.exp(2 * log_a[:, 1:]))
        gamma = torch.cat([torch.ones_like(log_a[:, :1]), root], 1)
        h = scan(torch.exp(log_a), gamma * gate("input_gate") * unit)
    else:
        gamma = torch.where(begins, 1, torch.sqrt(1 - torch.exp(2 * log_a)))
        h = torch.exp(log_a) * state["h"][:, None] + gamma * gate("input_gate") * unit
    return linear(h * side, t, "linear_out"), {"h": h[:, -1], "conv": inputs[:, steps:]}
