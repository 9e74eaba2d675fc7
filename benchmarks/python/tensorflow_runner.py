"""TensorFlow, eager, on the CPU: tensorflow_runner.py <threads>"""

import os
import sys

from protocol import differentiable, parameter_names, serve


def start():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import tensorflow as tf

    threads = int(sys.argv[1])
    tf.config.threading.set_intra_op_parallelism_threads(threads)

    def norm(x, scale, bias, eps):
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, bias, scale, eps)

    def linear(y, t, name):
        kernel = tf.reshape(t[f"{name}/kernel"], [y.shape[1], -1])
        return tf.nn.bias_add(y @ kernel, tf.reshape(t[f"{name}/bias"], [-1]))

    def attend(y, t, attrs):
        """Of all tokens beneath each other, [batch * tokens, width]."""
        batch, tokens, width = t["x"].shape
        heads = attrs["heads"]
        attention = "MultiHeadDotProductAttention_0"
        q, k, v = (
            tf.transpose(
                tf.reshape(linear(y, t, f"{attention}/{name}"), [batch, tokens, heads, -1]), [0, 2, 1, 3]
            )
            for name in ("query", "key", "value")
        )
        scores = tf.matmul(q, k, transpose_b=True) * (heads / width) ** 0.5
        context = tf.transpose(tf.nn.softmax(scores) @ v, [0, 2, 1, 3])
        return linear(tf.reshape(context, [-1, width]), t, f"{attention}/out")

    def space_attention(t, attrs):
        x = t["x"]
        return tf.reshape(attend(tf.reshape(x, [-1, x.shape[2]]), t, attrs), x.shape)

    def block(t, attrs):
        x = t["x"]
        flat = tf.reshape(x, [-1, x.shape[2]])
        y = norm(flat, t["LayerNorm_0/scale"], t["LayerNorm_0/bias"], attrs["eps"])
        attended = flat + attend(y, t, attrs)
        y = norm(attended, t["LayerNorm_1/scale"], t["LayerNorm_1/bias"], attrs["eps"])
        active = tf.nn.gelu(linear(y, t, "MlpBlock_0/Dense_0"), approximate=True)
        return tf.reshape(attended + linear(active, t, "MlpBlock_0/Dense_1"), x.shape)

    def mat_mul(t, attrs):
        return tf.matmul(t["a"], t["b"], attrs["transposeA"], attrs["transposeB"])

    def rms_norm(t, attrs):
        square = tf.reduce_mean(tf.square(t["x"]), -1, keepdims=True)
        return t["x"] * tf.math.rsqrt(square + attrs["eps"]) * t["scale"]

    def scan(a, x):
        gates, added = tf.unstack(a, axis=1), tf.unstack(x, axis=1)
        states = [added[0]]
        for gate, step in zip(gates[1:], added[1:]):
            states.append(gate * states[-1] + step)
        return tf.stack(states, 1)

    def recurrent_block(t, attrs):
        x = t["x"]
        rows, steps, width = x.shape
        flat = tf.reshape(x, [-1, width])
        side = tf.nn.gelu(linear(flat, t, "linear_y"), approximate=True)
        inner = tf.reshape(linear(flat, t, "linear_x"), [rows, steps, -1])
        taps = tf.unstack(t["conv_1d/w"])[::-1]
        unit = t["conv_1d/b"] + tf.add_n(
            [tf.pad(inner, [[0, 0], [back, 0], [0, 0]])[:, :steps] * tap for back, tap in enumerate(taps)]
        )

        def gate(name):
            w = t[f"rg_lru/{name}/w"]
            blocks = tf.transpose(tf.reshape(unit, [-1, *w.shape[:2]]), [1, 0, 2])
            y = blocks @ w + t[f"rg_lru/{name}/b"][:, None]
            return tf.sigmoid(tf.reshape(tf.transpose(y, [1, 0, 2]), unit.shape))

        log_a = gate("a_gate") * (-8 * tf.nn.softplus(t["rg_lru/a_param"]))
        # The first step is taken as it is.
        root = tf.sqrt(1 - tf.exp(2 * log_a[:, 1:]))
        gamma = tf.concat([tf.ones_like(log_a[:, :1]), root], 1)
        h = scan(tf.exp(log_a), gamma * gate("input_gate") * unit)
        return tf.reshape(linear(tf.reshape(h, side.shape) * side, t, "linear_out"), x.shape)

    pure = {
        "linearScan": lambda t, attrs: scan(t["a"], t["x"]),
        "recurrentBlock": recurrent_block,
        "matMul": mat_mul,
        "softmax": lambda t, attrs: tf.nn.softmax(t["x"]),
        "layerNorm": lambda t, attrs: norm(t["x"], t["scale"], t["bias"], attrs["eps"]),
        "rmsNorm": rms_norm,
        "gelu": lambda t, attrs: tf.nn.gelu(t["x"] + t["bias"], approximate=True),
        "gatherRows": lambda t, attrs: tf.gather(t["table"], t["indices"]),
        "spaceAttention": space_attention,
        "encoderBlock": block,
    }

    def adam_w(case, tensors):
        attrs = case["attrs"]
        names = parameter_names(case)
        beta1, beta2 = attrs["beta1"], attrs["beta2"]
        variables = [tf.Variable(tensors[name]) for name in names]
        moments = [
            (tf.Variable(tf.zeros_like(p)), tf.Variable(tf.zeros_like(p))) for p in variables
        ]
        step = 0

        def run():
            nonlocal step
            step += 1
            for name, p, (m, v) in zip(names, variables, moments):
                p.assign(p * (1 - attrs["learningRate"] * attrs["weightDecay"]))
                tf.raw_ops.ResourceApplyAdam(
                    var=p.handle,
                    m=m.handle,
                    v=v.handle,
                    beta1_power=beta1**step,
                    beta2_power=beta2**step,
                    lr=attrs["learningRate"],
                    beta1=beta1,
                    beta2=beta2,
                    # It adds epsilon to the root of the moment before that is corrected for its start.
                    epsilon=attrs["epsilon"] * (1 - beta2**step) ** 0.5,
                    grad=tensors[f"d{1 + (step - 1) % 2}/{name}"],
                )

        return run, lambda _: [variable.numpy() for variable in variables], 3

    def load(case, arrays):
        op, attrs = case["op"], case["attrs"]
        if op.startswith("trecvit"):
            raise NotImplementedError("whole models are compared with JAX and PyTorch only")
        tensors = {name: tf.constant(array) for name, array in arrays.items()}
        if op == "adamW":
            return adam_w(case, tensors)
        if op == "scatterAddRows":
            table = tf.Variable(tensors.pop("table"))
            added = tf.IndexedSlices(tensors["rows"], tensors["indices"])
            return (
                lambda: table.scatter_add(added),
                lambda _: [tf.gather(table, tensors["indices"]).numpy()],
            )
        compute = pure[op]
        if case["mode"] == "forward":
            return lambda: compute(tensors, attrs), lambda y: [y.numpy()]
        by = [tensors[name] for name in differentiable(case)]

        def gradient():
            with tf.GradientTape() as tape:
                tape.watch(by)
                y = compute(tensors, attrs)
            return [y, *tape.gradient(y, by, tensors["dy"])]

        return gradient, lambda results: [result.numpy() for result in results]

    hello = {"versions": {"tensorflow": tf.__version__}, "device": "CPU", "timed": True, "threads": threads}
    return hello, load


serve(start)
