"""Answers the harness on stdin and stdout: a line of JSON to each line of JSON, until stdin ends."""

import ctypes
import gc
import json
import os
import sys
import time

import numpy as np

# Libraries that print must not write between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(line):
    answers.write(json.dumps(line) + "\n")
    answers.flush()


class Wrong(Exception):
    """Raised where what would be timed does not compute what it should; the message says how one knows."""


def reason(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def serve(start):
    """`start` returns what the runner is, and a function from a case and its arrays to `run` and `read`.

    `run` returns when its result is there; `read` turns a result into arrays. How many runs come before a `read` may
    follow (1), and the name of the way that it takes where it chose one. A case that the library cannot do raises
    NotImplementedError with the reason.
    """
    try:
        hello, load = start()
    except Exception as error:
        answer({"absent": reason(error)})
        return
    answer(hello)
    prepared = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "load":
                prepared = load(request["case"], arrays_of(request["case"]))
                answer({"ok": True, **({"way": prepared[3]} if len(prepared) > 3 else {})})
            elif request["do"] == "run":
                outputs = run_once(prepared, request["folder"])
                give_back()
                answer({"outputs": outputs})
            elif request["do"] == "time":
                answer({"times": times_of(prepared[0], request["milliseconds"], request["runs"])})
            else:
                prepared = None
                answer({"ok": True})
        except Wrong as error:
            answer({"wrong": reason(error)})
        except NotImplementedError as error:
            answer({"unable": reason(error)})
        except Exception as error:
            answer({"error": reason(error)})


def give_back():
    """Memory that loading, compiling and checking took: it would count in the peak of what is timed after them."""
    gc.collect()
    # Other C libraries than GNU's have no such function.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def arrays_of(case):
    return {
        value["name"]: np.fromfile(value["file"], value["dtype"]).reshape(value["shape"])
        for value in case["inputs"]
    }


def run_once(prepared, folder):
    run, read, *rest = prepared
    for _ in range(rest[0] - 1 if rest else 0):
        run()
    outputs = []
    for index, array in enumerate(read(run())):
        file = os.path.join(folder, f"{index}.f32")
        array = np.ascontiguousarray(array, np.float32)
        array.tofile(file)
        outputs.append({"shape": list(array.shape), "file": file})
    return outputs


def times_of(run, milliseconds, runs):
    times = []
    while not times or (sum(times) < milliseconds and len(times) < runs):
        begin = time.perf_counter()
        result = run()
        times.append(1000 * (time.perf_counter() - begin))
        del result
    return times


def differentiable(case):
    """The names of the inputs that a gradient is taken by."""
    return [v["name"] for v in case["inputs"] if v["name"] != "dy" and v["dtype"] == "float32"]


def parameter_names(case):
    """The names of an AdamW case's parameters; `d1/<name>` and `d2/<name>` are their gradients."""
    return [v["name"] for v in case["inputs"] if not v["name"].startswith(("d1/", "d2/"))]
