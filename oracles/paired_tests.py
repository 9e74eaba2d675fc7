"""Makes packages/nevis-stream/test/golden/paired-tests.json with scipy and numpy.

Two-sided exact McNemar tests: the smaller count of examples that one of two learners alone gets wrong, against a fair
coin. And intervals of differences of average errors by the paired bootstrap, with many more resamples than ours.
"""

import json
import pathlib

import numpy as np
import scipy
import scipy.stats

COUNTS = [(0, 0), (0, 1), (0, 5), (0, 6), (5, 5), (1, 9), (9, 1), (10, 25), (86, 150), (420, 510), (3000, 3300), (0, 400)]
# Examples of a group, and the positions of the stream at which they are predicted.
GROUPS = [(200, 1), (150, 2), (90, 1)]
# Chance of an error of each learner, beyond what is hard for all.
SKILLS = [0.05, 0.09, 0.3]
RESAMPLES = 200_000
ALPHAS = [0.05, 0.05 / 3]


def main():
    random = np.random.default_rng(0)
    tests = [{"counts": pair, "p": float(scipy.stats.binomtest(pair[0], sum(pair)).pvalue) if sum(pair) else 1.0} for pair in COUNTS]

    positions = sum(count for _, count in GROUPS)
    outcomes, draws = [], np.zeros((len(SKILLS), RESAMPLES))
    for size, count in GROUPS:
        hard = random.random((size, count)) < 0.1
        wrong = np.stack([hard | (random.random((size, count)) < skill) for skill in SKILLS])
        outcomes.append([["".join(map(str, column.astype(int))) for column in learner.T] for learner in wrong])
        # The same images at each position that they come back at.
        each = wrong.sum(axis=2) / (size * positions)
        for start in range(0, RESAMPLES, 10_000):
            picked = random.integers(0, size, (10_000, size))
            draws[:, start : start + 10_000] += each[:, picked].sum(axis=2)
    intervals = []
    for first in range(len(SKILLS)):
        for second in range(first + 1, len(SKILLS)):
            differences = draws[first] - draws[second]
            for alpha in ALPHAS:
                low, high = np.quantile(differences, [alpha / 2, 1 - alpha / 2])
                intervals.append(
                    {"pair": [first, second], "alpha": alpha, "low": float(low), "high": float(high), "sd": float(differences.std())}
                )
    meta = {"generator": "oracles/paired_tests.py", "scipy": scipy.__version__, "numpy": np.__version__, "resamples": RESAMPLES}
    golden = pathlib.Path(__file__).parent.parent / "packages/nevis-stream/test/golden/paired-tests.json"
    content = {"meta": meta, "mcNemar": tests, "wrong": outcomes, "intervals": intervals}
    golden.write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
