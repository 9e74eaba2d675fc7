"""PyTorch: torch_runner.py [compiled | exhaustive] <threads>"""

import sys

from protocol import differentiable, parameter_names, serve


def start():
    import torch
    import torch.nn.functional as F

    from golden import hold_to_golden
    from torch_layers import attend, encoder_block, recurrent_block, scan_by_halves, scan_by_steps
    from torch_peer import all_keys, peer, row_products, search, search_all, step_of, weighted_rows
    from torch_trecvit import TRecViT, layer

    *modes, threads = sys.argv[1:]
    compiled = "compiled" in modes
    exhaustive = "exhaustive" in modes
    threads = int(threads)
    torch.set_num_threads(threads)

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

    pure = {
        "linearScan": lambda t, attrs: scan(t["a"], t["x"]),
        "recurrentBlock": lambda t, attrs: recurrent_block(t["x"], t, scan)[0],
        "matMul": mat_mul,
        "softmax": lambda t, attrs: torch.softmax(t["x"], -1),
        "layerNorm": layer_norm,
        "rmsNorm": lambda t, attrs: F.rms_norm(t["x"], t["scale"].shape, t["scale"], attrs["eps"]),
        "gelu": lambda t, attrs: F.gelu(t["x"] + t["bias"], approximate="tanh"),
        "gatherRows": lambda t, attrs: torch.index_select(t["table"], 0, t["indices"]),
        "spaceAttention": lambda t, attrs: attend(t["x"], t, attrs["heads"]),
        "encoderBlock": lambda t, attrs: encoder_block(t["x"], t, attrs["heads"], attrs["eps"]),
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

    def model_of(params, heads):
        # A compiler of a layer takes as long as one of twelve would twelve times, and gives the same.
        return TRecViT(params, heads, torch.compile(layer, dynamic=False) if compiled else layer)

    def tensors_of(arrays):
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def hold(run):
        """`run` of a model and a video gives features and logits."""

        def numbers(video, params, heads):
            with torch.no_grad():
                results = run(model_of(tensors_of(params), heads), torch.from_numpy(video))
            return [result.numpy() for result in results]

        hold_to_golden(numbers)
        # Of so many shapes the compiler would make one for any, which is slower.
        torch._dynamo.reset()

    def pushed(model, video):
        steps = [model.push(frame) for frame in video.split(1, 1)]
        return torch.cat([features for features, _ in steps], 1), steps[-1][1]

    way = "a compiled layer, for each of them" if compiled else None

    def trecvit_clip(tensors, attrs):
        hold(lambda model, video: model.clip(video))
        video = tensors.pop("video")
        model = model_of(tensors, attrs["heads"])

        def run():
            with torch.no_grad():
                return model.clip(video)[1]

        return run, lambda logits: [logits.numpy()], *([1, way] if way else [])

    def trecvit_stream(tensors, attrs):
        hold(pushed)
        frames = tensors.pop("video").split(1, 1)
        model = model_of(tensors, attrs["heads"])
        turn = 0

        def run():
            nonlocal turn
            with torch.no_grad():
                logits = model.push(frames[turn % len(frames)])[1]
                turn += 1
                return logits, torch.topk(torch.softmax(logits, -1), attrs["guesses"]).values

        read = lambda results: [result.numpy() for result in results]
        return run, read, len(frames), *([way] if way else [])

    def in_turn(batches, compute):
        """Runs on one batch after the other, without gradients."""
        turn = 0

        def run():
            nonlocal turn
            turn += 1
            with torch.no_grad():
                return compute(*batches[(turn - 1) % len(batches)])

        return run, lambda y: [y.numpy()]

    def batches_of(tensors, *names):
        return list(zip(*(tensors.pop(name).unbind() for name in names)))

    def maybe_compiled(compute):
        return torch.compile(compute, dynamic=False) if compiled else compute

    def rows(compute, beside):
        def of(tensors, attrs):
            run = maybe_compiled(compute)
            return in_turn(batches_of(tensors, "indices", beside), lambda *of: run(tensors["table"], *of))

        return of

    def product_key_search(tensors, attrs):
        batches, keys, k = batches_of(tensors, "queries"), [tensors["keys/0"], tensors["keys/1"]], attrs["k"]
        if exhaustive:
            (all_of_them,) = map(all_keys, *keys)
            return in_turn(batches, lambda queries: search_all(queries.flatten(1), all_of_them, k)[:, None])
        run = maybe_compiled(search)
        return in_turn(batches, lambda queries: run(queries, keys, k)[0])

    def peer_forward(tensors, attrs):
        run = maybe_compiled(peer)
        return in_turn(batches_of(tensors, "x"), lambda x: run(x, tensors, attrs["k"]))

    def peer_step(tensors, attrs):
        if compiled and attrs["tables"] != "adam":
            raise NotImplementedError("torch.compile has no gradients of rows")
        return step_of(tensors, attrs, maybe_compiled(peer))

    layers = {
        "peer": peer_forward,
        "peerStep": peer_step,
        "productKeySearch": product_key_search,
        "weightedRows": rows(weighted_rows, "weights"),
        "rowProducts": rows(row_products, "x"),
    }
    models = {"trecvitClip": trecvit_clip, "trecvitStream": trecvit_stream}

    def load(case, arrays):
        tensors = tensors_of(arrays)
        op, attrs = case["op"], case["attrs"]
        if op == "adamW":
            return adam_w(case, tensors)
        if op == "scatterAddRows":
            table, indices, rows = tensors["table"], tensors["indices"], tensors["rows"]
            return lambda: table.index_add_(0, indices, rows), lambda _: [table[indices].numpy()]
        if exhaustive and op != "productKeySearch":
            raise NotImplementedError("it only searches")
        if op in models:
            return models[op](tensors, attrs)
        if op in layers:
            return layers[op](tensors, attrs)
        compute = pure[op]
        way = []
        if compiled:
            if op not in compilable:
                raise NotImplementedError("torch.compile is tried on scans, attention, blocks and whole models only")
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
