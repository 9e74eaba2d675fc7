"""The numbers of the official TRecViT, which a model written here must have before it is timed."""

import json
from pathlib import Path

import numpy as np

from protocol import Wrong

folder = Path(__file__).parents[2] / "packages" / "trecvit" / "test" / "golden"


def hold_to_golden(run):
    """`run(video, params, heads)` gives the features and the logits of a whole video, as NumPy's arrays.

    Raises Wrong where they are farther apart than 1e-5 of the largest magnitude.
    """
    for name in ("trecvit", "trecvit-gradients"):
        with np.load(folder / f"{name}.npz") as file:
            heads = json.loads(file["notes.json"].tobytes())["settings"]["num_heads"]
            video, *expected = (file[key] for key in ("__in/video", "__out/encoded", "__out/logits"))
            params = {key: file[key] for key in file.files if not key.startswith("__") and key != "notes.json"}
        for what, actual, wanted in zip(("features", "logits"), run(video, params, heads), expected):
            apart = np.abs(actual - wanted).max() / np.abs(wanted).max()
            # Written so that NaN is caught.
            if not apart <= 1e-5:
                raise Wrong(f"its {what} are {apart:.1e} of the largest away from {name}.npz of the official code")
