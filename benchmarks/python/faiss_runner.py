"""Faiss' search of all keys, one by one: faiss_runner.py <threads>"""

import sys

from protocol import serve


def start():
    import faiss
    import numpy as np

    threads = int(sys.argv[1])
    faiss.omp_set_num_threads(threads)

    def load(case, arrays):
        if case["op"] != "productKeySearch":
            raise NotImplementedError("it only searches")
        (first,), (second,) = arrays["keys/0"], arrays["keys/1"]
        index = faiss.IndexFlatIP(2 * first.shape[1])
        # Some at a time: they would be in memory twice.
        for key in first:
            index.add(np.hstack([np.broadcast_to(key, second.shape), second]))
        batches = [batch.reshape(len(batch), -1) for batch in arrays["queries"]]
        turn = 0

        def run():
            nonlocal turn
            turn += 1
            return index.search(batches[(turn - 1) % len(batches)], case["attrs"]["k"])[0]

        return run, lambda scores: [scores[:, None]]

    hello = {"versions": {"faiss": faiss.__version__}, "device": "CPU", "timed": True, "threads": threads}
    return hello, load


serve(start)
