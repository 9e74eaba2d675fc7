"""PEER and product-key memories in PyTorch as one writes them there: gather and einsum, and the function of nn.EmbeddingBag."""

import torch
import torch.nn.functional as F

# About how many rows of a table are compared.
READ_ROWS = 16_384


def search(queries, keys, k):
    """Scores and rows of the k best products of two keys: of `queries` [T, H, 2, C] and two `keys` [H, n, C]."""
    first, second = (
        torch.einsum("thc,hnc->thn", queries[:, :, at], of).topk(min(k, of.shape[1])) for at, of in enumerate(keys)
    )
    sums = (first.values[..., None] + second.values[..., None, :]).flatten(-2)
    rows = (first.indices[..., None] * keys[1].shape[1] + second.indices[..., None, :]).flatten(-2)
    scores, at = sums.topk(k)
    return scores, rows.gather(-1, at)


def all_keys(first, second):
    """Every pair of keys `[n, C]` and `[m, C]`, in order: `[n m, 2 C]`."""
    return torch.cat([first.repeat_interleave(len(second), 0), second.repeat(len(first), 1)], 1)


def search_all(queries, keys, k):
    """Scores of the best among all `keys` [N, 2 C], of some queries at a time, so that their scores fit in memory."""
    some = max(1, 2**26 // len(keys))
    return torch.cat([(of @ keys.T).topk(k).values for of in queries.split(some)])


def peer(x, t, k, sparse=False):
    """PEER (arXiv 2407.04153, algorithm 1) on `x` [T, D]; `sparse` is what PyTorch's embeddings call gradients of rows."""
    kernel = t["query/kernel"]
    queries = (x @ kernel.flatten(1)).unflatten(-1, kernel.shape[1:])
    scores, rows = search(queries, [t["keys/0"], t["keys/1"]], k)
    hidden = F.gelu(torch.einsum("td,thkd->thk", x, F.embedding(rows, t["down"], sparse=sparse)))
    return torch.einsum("thk,thkd->td", hidden * scores.softmax(-1), F.embedding(rows, t["up"], sparse=sparse))


def weighted_rows(table, indices, weights):
    return F.embedding_bag(indices, table, per_sample_weights=weights, mode="sum")


def row_products(table, indices, x):
    return torch.einsum("td,tkd->tk", x, table[indices])


class RowAdagrad:
    """Row-wise Adagrad, which PyTorch lacks: a row has one sum, that of the means of its squared gradients."""

    def __init__(self, tables, rate, initial, eps):
        self.tables, self.rate, self.eps = tables, rate, eps
        self.sums = [torch.full((len(table), 1), initial) for table in tables]

    @torch.no_grad()
    def step(self):
        for table, sums in zip(self.tables, self.sums):
            gradient = table.grad.coalesce()
            (rows,), values = gradient.indices(), gradient.values()
            sums.index_add_(0, rows, values.square().mean(1, True))
            table.index_add_(0, rows, values / (sums[rows].sqrt() + self.eps), alpha=-self.rate)


def step_of(t, attrs, forward):
    """A step of training on the batches of `x` in turn, and what it has made of the layer: tables, kernel and keys."""
    batches, dy = [x.requires_grad_() for x in t.pop("x").unbind()], t.pop("dy")
    params = {name: torch.nn.Parameter(value) for name, value in t.items()}
    tables = [params["down"], params["up"]]
    dense = [value for name, value in params.items() if name not in ("down", "up")]
    lazy = attrs["tables"] != "adam"
    rate, initial, eps = attrs["tableRate"], attrs["initialSum"], attrs["tableEpsilon"]
    adam = {"lr": attrs["learningRate"], "eps": attrs["epsilon"], "weight_decay": 0.0, "fused": True}
    optimizers = [torch.optim.AdamW(dense if lazy else [*dense, *tables], **adam)]
    if attrs["tables"] == "adagrad":
        optimizers.append(torch.optim.Adagrad(tables, lr=rate, initial_accumulator_value=initial, eps=eps))
    elif lazy:
        optimizers.append(RowAdagrad(tables, rate, initial, eps))
    turn = 0

    def run():
        nonlocal turn
        x = batches[turn % len(batches)]
        turn += 1
        for value in (x, *params.values()):
            value.grad = None
        torch.sum(forward(x, params, attrs["k"], lazy) * dy).backward()
        for optimizer in optimizers:
            optimizer.step()

    def read(_):
        some = [table[:: -(-len(table) // READ_ROWS)] for table in tables]
        return [value.detach().numpy() for value in (*some, params["query/kernel"], params["keys/0"])]

    return run, read, attrs["steps"]
