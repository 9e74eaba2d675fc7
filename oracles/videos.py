"""Makes packages/trecvit/test/golden/pictures.json with Pillow, and videos.json with PyAV (FFmpeg's libraries of another build) and Pillow.

Pictures: noise of odd and even sizes, made smaller and larger by Pillow's BILINEAR, in float32, so that nothing is rounded between or after. At the
edges a picture goes on with its last pixel.
Videos: of each clip of Debian's opencv-doc, how many pictures there are and when each is shown, where the file says so; of some pictures the
mean colours of a grid of squares; and what Pillow makes of these pictures at a model's size.
"""

import argparse
import gzip
import json
import pathlib
import tempfile

import av
import numpy as np
import PIL
from PIL import Image

GOLDEN = pathlib.Path(__file__).parent.parent / "packages/trecvit/test/golden"
CLIPS = ["examples/data/vtest.avi", "examples/data/tree.avi", "opencv4/html/box.mp4.gz", "opencv4/html/cup.mp4.gz"]
# Rows and columns before, and those of the model.
SHAPES = [(31, 45, 12, 12), (45, 31, 12, 12), (9, 7, 16, 16), (40, 40, 7, 11), (16, 100, 8, 8), (5, 5, 5, 9)]
SQUARE = 32


def array(values, dtype="float32"):
    values = np.asarray(values, dtype)
    # Whole numbers without a point: half of the file.
    data = [int(v) if v == int(v) else round(float(v), 3 if dtype == "float32" else 6) for v in values.ravel()]
    return {"dtype": dtype, "shape": list(values.shape), "data": data}


def resized(picture, rows, columns):
    """Each channel on its own, since Pillow has floats in images of one channel alone; with edges that go on, as FFmpeg has them."""
    height, width = picture.shape[:2]
    wide = np.pad(picture, ((height, height), (width, width), (0, 0)), "edge").astype(np.float32)
    channels = [
        Image.fromarray(wide[..., c]).resize((3 * columns, 3 * rows), Image.Resampling.BILINEAR) for c in range(3)
    ]
    return np.stack([np.asarray(c) for c in channels], -1)[rows : 2 * rows, columns : 2 * columns]


def centre(picture, rows, columns):
    height, width = picture.shape[:2]
    scale = max(rows / height, columns / width)
    scaled = resized(picture, max(rows, int(height * scale + 0.5)), max(columns, int(width * scale + 0.5)))
    top, left = (scaled.shape[0] - rows) // 2, (scaled.shape[1] - columns) // 2
    return scaled[top : top + rows, left : left + columns]


def pictures():
    random = np.random.default_rng(0)
    arrays = {}
    for height, width, rows, columns in SHAPES:
        name = f"{height}x{width}-{rows}x{columns}"
        noise = random.integers(0, 256, (height, width, 3), np.uint8)
        arrays |= {
            f"{name}/pixels": array(noise),
            f"{name}/centre": array(centre(noise, rows, columns)),
            f"{name}/squeeze": array(resized(noise, rows, columns)),
        }
    return arrays


def colours(frame):
    """RGB by the formulas of BT.601, since FFmpeg's usual conversion is off by up to two of 255 steps. Chroma is repeated."""
    if frame.format.name != "yuv420p":
        return frame.to_ndarray(format="rgb24")
    planes = frame.to_ndarray(format="yuv420p").astype(np.float64)
    height, width = frame.height, frame.width
    luma = (planes[:height] - 16) * 255 / 219
    chroma = [(plane.repeat(2, 0).repeat(2, 1) - 128) * 255 / 224 for plane in planes[height:].reshape(2, height // 2, width // 2)]
    red = luma + 1.402 * chroma[1]
    green = luma - 0.344136 * chroma[0] - 0.714136 * chroma[1]
    blue = luma + 1.772 * chroma[0]
    return np.clip(np.stack([red, green, blue], -1), 0, 255)


def means(picture):
    rows, columns = picture.shape[0] // SQUARE, picture.shape[1] // SQUARE
    cut = picture[: rows * SQUARE, : columns * SQUARE].astype(np.float64)
    return cut.reshape(rows, SQUARE, columns, SQUARE, 3).mean((1, 3))


def videos(docs):
    arrays = {}
    for clip in CLIPS:
        data = (docs / clip).read_bytes()
        name = pathlib.Path(clip).name.removesuffix(".gz")
        with tempfile.NamedTemporaryFile(suffix=name) as file:
            file.write(gzip.decompress(data) if clip.endswith(".gz") else data)
            file.flush()
            with av.open(file.name) as container:
                frames = list(container.decode(video=0))
                # Of box.mp4 the times are those of the order of decoding.
                times = [frame.time for frame in frames]
                arrays[f"{name}/seconds"] = array(times, "float64")
                for index in [0, len(frames) // 3, len(frames) - 1]:
                    picture = colours(frames[index])
                    arrays[f"{name}/{index}/means"] = array(means(picture))
                    arrays[f"{name}/{index}/centre"] = array(centre(picture, 16, 16))
    return arrays


def write(name, meta, arrays):
    text = json.dumps({"meta": {"generator": "oracles/videos.py"} | meta, "arrays": arrays}, separators=(",", ":"))
    (GOLDEN / name).write_text(text + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--docs", type=pathlib.Path, default="/usr/share/doc/opencv-doc")
    docs = parser.parse_args().docs
    write("pictures.json", {"pillow": PIL.__version__}, pictures())
    libraries = {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}
    write("videos.json", {"av": av.__version__, "pillow": PIL.__version__, **libraries}, videos(docs))


if __name__ == "__main__":
    main()
