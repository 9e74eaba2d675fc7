"""PyTorch, eager: torch_runner.py <threads>"""

import sys

from protocol import differentiable, parameter_names, serve


def start():
    import torch
    import torch.nn.functional as F

    threads = int(sys.argv[1])
    torch.set_num_threads(threads)

    def linear(y, p, name):
        kernel = p[f"{name}/kernel"].reshape(y.shape[-1], -1)
        return y @ kernel + p[f"{name}/bias"].reshape(-1)

    def attend(y, p, attrs):
        batch, tokens, _ = y.shape
        attention = "MultiHeadDotProductAttention_0"
        q, k, v = (
            linear(y, p, f"{attention}/{name}").reshape(batch, tokens, attrs["heads"], -1).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        context = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(y.shape)
        return linear(context, p, f"{attention}/out")

    def block(x, p, attrs):
        def norm(y, name):
            return F.layer_norm(y, y.shape[-1:], p[f"{name}/scale"], p[f"{name}/bias"], attrs["eps"])

        attended = x + attend(norm(x, "LayerNorm_0"), p, attrs)
        hidden = linear(norm(attended, "LayerNorm_1"), p, "MlpBlock_0/Dense_0")
        return attended + linear(F.gelu(hidden, approximate="tanh"), p, "MlpBlock_0/Dense_1")

    def mat_mul(t, attrs):
        a = t["a"].transpose(-1, -2) if attrs["transposeA"] else t["a"]
        b = t["b"].transpose(-1, -2) if attrs["transposeB"] else t["b"]
        return a @ b

    def layer_norm(t, attrs):
        return F.layer_norm(t["x"], t["scale"].shape, t["scale"], t["bias"], attrs["eps"])

    def linear_scan(t, attrs):
        # The gradient of unbind is one stack; that of indexing would fill a whole tensor for each step.
        gates, added = t["a"].unbind(1), t["x"].unbind(1)
        states = [added[0]]
        for a, x in zip(gates[1:], added[1:]):
            states.append(a * states[-1] + x)
        return torch.stack(states, 1)

    pure = {
        "linearScan": linear_scan,
        "matMul": mat_mul,
        "softmax": lambda t, attrs: torch.softmax(t["x"], -1),
        "layerNorm": layer_norm,
        "rmsNorm": lambda t, attrs: F.rms_norm(t["x"], t["scale"].shape, t["scale"], attrs["eps"]),
        "gelu": lambda t, attrs: F.gelu(t["x"] + t["bias"], approximate="tanh"),
        "gatherRows": lambda t, attrs: torch.index_select(t["table"], 0, t["indices"]),
        "spaceAttention": lambda t, attrs: attend(t["x"], t, attrs),
        "encoderBlock": lambda t, attrs: block(t["x"], t, attrs),
    }

    def adam_w(case, tensors):
        attrs = case["attrs"]
        names = parameter_names(case)
        parameters = [torch.nn.Parameter(tensors[name]) for name in names]
        optimizer = torch.optim.AdamW(
            parameters,
            lr=attrs["learningRate"],
            betas=(attrs["beta1"], attrs["beta2"]),
            eps=attrs["epsilon"],
            weight_decay=attrs["weightDecay"],
            fused=True,
        )
        turn = 0

        def run():
            nonlocal turn
            for name, parameter in zip(names, parameters):
                parameter.grad = tensors[f"d{1 + turn % 2}/{name}"]
            optimizer.step()
            turn += 1

        return run, lambda _: [parameter.detach().numpy() for parameter in parameters], 3

    def load(case, arrays):
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        op, attrs = case["op"], case["attrs"]
        if op == "adamW":
            return adam_w(case, tensors)
        if op == "scatterAddRows":
            table, indices, rows = tensors["table"], tensors["indices"], tensors["rows"]
            return lambda: table.index_add_(0, indices, rows), lambda _: [table[indices].numpy()]
        compute = pure[op]
        if case["mode"] == "forward":

            def forward():
                with torch.no_grad():
                    return compute(tensors, attrs)

            return forward, lambda y: [y.numpy()]
        by = [tensors[name].requires_grad_() for name in differentiable(case)]

        def gradient():
            y = compute(tensors, attrs)
            return [y.detach(), *torch.autograd.grad(y, by, tensors["dy"])]

        return gradient, lambda results: [result.numpy() for result in results]

    hello = {"versions": {"torch": torch.__version__}, "device": "CPU", "timed": True, "threads": threads}
    return hello, load


serve(start)
