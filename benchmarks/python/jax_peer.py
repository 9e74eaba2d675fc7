"""PEER and product-key memories in JAX."""

import functools

import jax
import jax.numpy as jnp

# About how many rows of a table are compared.
READ_ROWS = 16_384


def search(queries, keys, k):
    """Scores and rows of the k best products of two keys: of `queries` [T, H, 2, C] and two `keys` [H, n, C]."""
    (first, i), (second, j) = (
        jax.lax.top_k(jnp.einsum("thc,hnc->thn", queries[:, :, at], of), min(k, of.shape[1]))
        for at, of in enumerate(keys)
    )
    flat = lambda pairs: pairs.reshape(*pairs.shape[:-2], -1)
    sums, rows = flat(first[..., None] + second[..., None, :]), flat(i[..., None] * keys[1].shape[1] + j[..., None, :])
    scores, at = jax.lax.top_k(sums, k)
    return scores, jnp.take_along_axis(rows, at, -1)


def retrieve(x, t, k):
    kernel = t["query/kernel"]
    queries = (x @ kernel.reshape(len(kernel), -1)).reshape(len(x), *kernel.shape[1:])
    return search(queries, [t["keys/0"], t["keys/1"]], k)


def experts(x, scores, down, up):
    """What retrieved rows [T, H, k, D] make of tokens."""
    hidden = jax.nn.gelu(jnp.einsum("td,thkd->thk", x, down), approximate=False)
    return jnp.einsum("thk,thkd->td", hidden * jax.nn.softmax(scores, -1), up)


def peer(x, t, k):
    """PEER (arXiv 2407.04153, algorithm 1) on `x` [T, D]."""
    scores, rows = retrieve(x, t, k)
    return experts(x, scores, t["down"][rows], t["up"][rows])


def weighted_rows(table, indices, weights):
    return jnp.einsum("tk,tkd->td", weights, table[indices])


def row_products(table, indices, x):
    return jnp.einsum("td,tkd->tk", x, table[indices])


def adam(step, p, m, v, g, rate, eps, beta1=0.9, beta2=0.999):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return p - rate * m / (1 - beta1**step) / (jnp.sqrt(v / (1 - beta2**step)) + eps), m, v


def adagrad_rows(table, sums, rows, gradients, attrs):
    """Adagrad on the rows that were picked, each once with the sum of its gradients."""
    rows, width = rows.reshape(-1), table.shape[1]
    # JAX needs to know how many there are: all that come twice leave a place beyond the table, which is written nowhere.
    each, of = jnp.unique(rows, return_inverse=True, size=len(rows), fill_value=len(table))
    g = jax.ops.segment_sum(gradients.reshape(-1, width), of.reshape(-1), len(rows))
    squares = g * g if sums.shape[1] == width else jnp.mean(g * g, 1, keepdims=True)
    new = sums.at[each].get(mode="clip") + squares
    sums = sums.at[each].set(new, mode="drop")
    change = attrs["tableRate"] * g / (jnp.sqrt(new) + attrs["tableEpsilon"])
    return table.at[each].add(-change, mode="drop"), sums


def step_of(t, attrs):
    """A step of training on the batches of `x` in turn, and what it has made of the layer: tables, kernel and keys."""
    batches, dy = list(t.pop("x")), t.pop("dy")
    k, tables = attrs["k"], ("down", "up")
    by_rows = attrs["tables"] != "adam"
    rate, eps = attrs["learningRate"], attrs["epsilon"]
    dense = [name for name in t if name not in tables or not by_rows]
    moments = {name: (jnp.zeros_like(t[name]), jnp.zeros_like(t[name])) for name in dense}
    shape = lambda table: table.shape if attrs["tables"] == "adagrad" else (len(table), 1)
    sums = {name: jnp.full(shape(t[name]), attrs["initialSum"]) for name in tables if by_rows}

    # The state is given up, so that it is changed in place.
    @functools.partial(jax.jit, donate_argnums=(1,))
    def update(step, state, x, dy):
        t, moments, sums = state
        if by_rows:
            weights = {name: t[name] for name in dense}
            _, rows = retrieve(x, t, k)

            def loss(x, weights, down, up):
                # The same choice again, by which gradients go on to queries and keys.
                scores, _ = retrieve(x, weights, k)
                return jnp.sum(experts(x, scores, down, up) * dy)

            dx, g, *of_rows = jax.grad(loss, (0, 1, 2, 3))(x, weights, t["down"][rows], t["up"][rows])
        else:
            dx, g = jax.grad(lambda x, t: jnp.sum(peer(x, t, k) * dy), (0, 1))(x, t)
        t, moments, sums = dict(t), dict(moments), dict(sums)
        for name in dense:
            t[name], *moments[name] = adam(step, t[name], *moments[name], g[name], rate, eps)
            moments[name] = tuple(moments[name])
        if by_rows:
            for name, gradients in zip(tables, of_rows):
                t[name], sums[name] = adagrad_rows(t[name], sums[name], rows, gradients, attrs)
        return (t, moments, sums), dx

    state = (dict(t), moments, sums)
    t.clear()
    turn = 0

    def run():
        nonlocal state, turn
        turn += 1
        state, dx = update(jnp.float32(turn), state, batches[(turn - 1) % len(batches)], dy)
        jax.block_until_ready((state, dx))

    def read(_):
        params = state[0]
        some = [params[name][:: -(-len(params[name]) // READ_ROWS)] for name in tables]
        return [*some, params["query/kernel"], params["keys/0"]]

    return run, read, attrs["steps"]
