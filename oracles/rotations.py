"""Makes packages/nevis-stream/test/golden/rotations.json with scipy.

Byte images turned by whole degrees with cubic splines, zero outside: noise, where every tap counts, and a
block with hard edges, where the spline overshoots the range of bytes. Odd, even and smallest sides.
"""

import json
import pathlib

import numpy as np
import scipy
import scipy.ndimage

ANGLES = [0, 1, 30, 45, 89, 90, 91, 137, 180, 225, 270, 321, 359]
SIDES = [3, 7, 28]


def array(images):
    return {"dtype": "int32", "shape": list(images.shape), "data": images.ravel().tolist()}


def main():
    random = np.random.default_rng(0)
    arrays = {}
    for side in SIDES:
        noise = random.integers(0, 256, (side, side), np.uint8)
        block = np.zeros((side, side), np.uint8)
        block[side // 4 : -(side // 4) or None, side // 3 :] = 255
        images = np.stack([noise, block])
        rotated = np.stack(
            [[scipy.ndimage.rotate(image, a, reshape=False) for a in ANGLES] for image in images]
        )
        arrays |= {f"images/{side}": array(images), f"rotated/{side}": array(rotated)}
    meta = {"generator": "oracles/rotations.py", "scipy": scipy.__version__, "angles": ANGLES, "sides": SIDES}
    golden = pathlib.Path(__file__).parent.parent / "packages/nevis-stream/test/golden/rotations.json"
    golden.write_text(json.dumps({"meta": meta, "arrays": arrays}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
