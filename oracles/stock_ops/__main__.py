"""Makes packages/backend/test/golden/stock-ops/*.json: what operations of TensorFlow.js must give.

Values of loops and NumPy in float64, gradients and second gradients by central differences of them.
Run `.venv/bin/python oracles/stock_ops`; names of files limit it to those.
"""

import pathlib
import sys

import elementwise
import images
import others
import reductions
import shapes
import sweep
import windows

FILES = {
    "elementwise": elementwise,
    "reductions": reductions,
    "shapes": shapes,
    "windows": windows,
    "images": images,
    "others": others,
}

folder = pathlib.Path(__file__).parents[2] / "packages/backend/test/golden/stock-ops"
folder.mkdir(parents=True, exist_ok=True)
for name, module in FILES.items():
    if sys.argv[1:] and name not in sys.argv[1:]:
        continue
    sweep.CASES.clear()
    module.cases()
    names = [case[:2] for case in sweep.CASES]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise SystemExit(f"{name}: two cases are called {sorted(twice)[0]}")
    sweep.write(folder / f"{name}.json")
    print(f"{name}: {len(names)} cases")
