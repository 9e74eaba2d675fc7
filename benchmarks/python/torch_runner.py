"""PyTorch: torch_runner.py [compiled] <threads>"""

import sys

from protocol import differentiable, parameter_names, serve


def start():
    import torch
    import torch.nn.functional as F

    *modes, threads = sys.argv[1:]
    compiled = "compiled" in modes
    threads = int(threads)
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

    # The compiler unrolls a loop over steps: 32 take half a minute, 4096 would take hours.
    unrolled = 64

    def scan(a, x):
        return scan_by_halves(a, x) if compiled and x.shape[1] > unrolled else scan_by_steps(a, x)

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

    def recurrent_block(t, attrs):
        x = t["x"]
        steps = x.shape[1]
        side = F.gelu(linear(x, t, "linear_y"), approximate="tanh")
        inner = linear(x, t, "linear_x")
        taps = t["conv_1d/w"].flip(0)
        unit = t["conv_1d/b"] + sum(
            F.pad(inner, (0, 0, back, 0))[:, :steps] * taps[back] for back in range(len(taps))
        )

        def gate(name):
            w = t[f"rg_lru/{name}/w"]
            blocks = unit.reshape(-1, *w.shape[:2]).transpose(0, 1)
            y = torch.baddbmm(t[f"rg_lru/{name}/b"][:, None], blocks, w)
            return torch.sigmoid(y.transpose(0, 1).reshape(unit.shape))

        log_a = gate("a_gate") * (-8 * F.softplus(t["rg_lru/a_param"]))
        # The first step is taken as it is.
        root = torch.sqrt(1 - torch.exp(2 * log_a[:, 1:]))
        gamma = torch.cat([torch.ones_like(log_a[:, :1]), root], 1)
        return linear(scan(torch.exp(log_a), gamma * gate("input_gate") * unit) * side, t, "linear_out")

    pure = {
        "linearScan": lambda t, attrs: scan(t["a"], t["x"]),
        "recurrentBlock": recurrent_block,
        "matMul": mat_mul,
        "softmax": lambda t, attrs: torch.softmax(t["x"], -1),
        "layerNorm": layer_norm,
        "rmsNorm": lambda t, attrs: F.rms_norm(t["x"], t["scale"].shape, t["scale"], attrs["eps"]),
        "gelu": lambda t, attrs: F.gelu(t["x"] + t["bias"], approximate="tanh"),
        "gatherRows": lambda t, attrs: torch.index_select(t["table"], 0, t["indices"]),
        "spaceAttention": lambda t, attrs: attend(t["x"], t, attrs),
        "encoderBlock": lambda t, attrs: block(t["x"], t, attrs),
    }

    compilable = {"linearScan", "recurrentBlock", "spaceAttention", "encoderBlock"}

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
        way = []
        if compiled:
            if op not in compilable:
                raise NotImplementedError("torch.compile is tried on scans, attention and blocks only")
            compute = torch.compile(compute)
            if op == "linearScan":
                way = [1, "associative_scan" if tensors["x"].shape[1] > unrolled else "an unrolled loop"]
        if case["mode"] == "forward":

            def forward():
                with torch.no_grad():
                    return compute(tensors, attrs)

            return forward, lambda y: [y.numpy()], *way
        by = [tensors[name].requires_grad_() for name in differentiable(case)]

        def gradient():
            y = compute(tensors, attrs)
            return [y.detach(), *torch.autograd.grad(y, by, tensors["dy"])]

        return gradient, lambda results: [result.numpy() for result in results], *way

    hello = {"versions": {"torch": torch.__version__}, "device": "CPU", "timed": True, "threads": threads}
    return hello, load


serve(start)
