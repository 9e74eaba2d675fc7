"""Functions of one number and of two, comparisons, logic, casts."""

import numpy as np
from scipy import special

from sweep import Pattern, Values, add

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def sigmoid(x):
    return special.expit(x)


def softplus(x):
    return np.logaddexp(0, x)


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def round_half_even(x):
    return np.round(x)


# The function, and between which numbers it is smooth.
SMOOTH = {
    "acos": (np.arccos, -0.9, 0.9),
    "acosh": (np.arccosh, 1.2, 4),
    "asin": (np.arcsin, -0.9, 0.9),
    "asinh": (np.arcsinh, -3, 3),
    "atan": (np.arctan, -3, 3),
    "atanh": (np.arctanh, -0.9, 0.9),
    "cos": (np.cos, -3, 3),
    "cosh": (np.cosh, -3, 3),
    "erf": (special.erf, -2, 2),
    "exp": (np.exp, -3, 3),
    "expm1": (np.expm1, -3, 3),
    "log": (np.log, 0.2, 4),
    "log1p": (np.log1p, -0.8, 4),
    "logSigmoid": (lambda x: -softplus(-x), -3, 3),
    "reciprocal": (lambda x: 1 / x, 0.3, 3),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 0.3, 4),
    "sigmoid": (sigmoid, -3, 3),
    "sin": (np.sin, -3, 3),
    "sinh": (np.sinh, -3, 3),
    "softplus": (softplus, -3, 3),
    "sqrt": (np.sqrt, 0.3, 4),
    "square": (np.square, -3, 3),
    "tan": (np.tan, -1.2, 1.2),
    "tanh": (np.tanh, -2, 2),
    "neg": (np.negative, -3, 3),
}

# Smooth but for a corner, which is the last number.
CORNERED = {
    "abs": (np.abs, 0),
    "elu": (elu, 0),
    "leakyRelu": (lambda x: np.where(x > 0, x, 0.2 * x), 0),
    "relu": (lambda x: np.maximum(x, 0), 0),
    "relu6": (lambda x: np.clip(x, 0, 6), 6),
    "selu": (lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))), 0),
}

# Piecewise constant: the gradient is zero.
STEPS = {
    "ceil": np.ceil,
    "floor": np.floor,
    "round": round_half_even,
    "sign": np.sign,
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
}

KEEPS_INTEGERS = {"abs", "neg", "square", "relu", "relu6", "sign", "step", "ceil", "floor", "round"}


def nudged(x, corner=0.0):
    """Away from whole numbers and corners."""
    x = np.where(np.abs(x - np.round(x)) < 0.1, x + 0.21875, x)
    return np.float32(np.where(np.abs(x - corner) < 0.1, x + 0.25, x))


def many(shape, low, high):
    divisor = round(1009 / (high - low)) + 1
    return Pattern(shape, 7919, 1009, round(-low * divisor), divisor)


def unary():
    for op, (f, low, high) in SMOOTH.items():
        values = Values(op)
        add(op, "values", [values.normal(2, 3, low=low, high=high)], f)
        add(op, "67 numbers", [values.normal(67, low=low, high=high)], f, second=False)
        add(op, "rank 5", [values.normal(1, 2, 1, 3, 2, low=low, high=high)], f)
        add(op, "many", [many([10007], low, high)], f)
        whole = np.array([1, 2, 3] if op not in {"acos", "asin", "atanh"} else [0, 0, 0], np.int32)
        if op in {"square", "neg"}:
            add(op, "int32", [np.array([-3, 0, 4], np.int32)], f)
        elif op == "reciprocal":
            add(op, "int32", [whole], lambda x: 1 / x.astype(np.float64))
        else:
            add(op, "int32", [whole], lambda x, f=f: f(x.astype(np.float64)))
            if op not in {"acosh", "log", "rsqrt"}:
                boolean = np.array([True, False, True]) if op != "atanh" else np.array([False, False])
                add(op, "bool", [boolean], lambda x, f=f: f(x.astype(np.float64)))
    for op in ["asin", "asinh", "atan", "atanh", "erf", "expm1", "log1p", "sin", "sinh", "tan", "tanh"]:
        tiny = np.float32([2.0**-12, -(2.0**-12), 2.0**-20, -(2.0**-20)])
        add(op, "tiny", [tiny], SMOOTH[op][0], second=False, relative=True)
    for op, at in {
        "sigmoid": [-80, -20, 20, 80],
        "softplus": [-80, -20, -10, 20, 80],
        "logSigmoid": [-80, -20, 10, 20, 80],
        "tanh": [-40, -9, 9, 40],
        "exp": [-80, -30, 30, 80],
        "erf": [-6, -4, 4, 6],
        "expm1": [-30, 30],
        "log": [1e-6, 1e-3, 1e3, 1e6],
        "log1p": [1e3, 1e6],
        "sqrt": [1e-6, 1e6],
        "rsqrt": [1e-6, 1e6],
        "asinh": [-1000, 1000],
        "atan": [-1000, 1000],
    }.items():
        add(op, "far out", [np.float32(at)], SMOOTH[op][0], gradient=op not in {"log", "sqrt", "rsqrt", "sigmoid", "tanh"}, second=False, relative=True)
    for op, (f, corner) in CORNERED.items():
        values = Values(op)
        add(op, "values", [nudged(values.normal(2, 3), corner)], f)
        add(op, "above and below", [np.float32([-7.5, -2.5, -0.5, 0.5, 2.5, 7.5])], f)
        add(op, "67 numbers", [nudged(values.normal(67), corner)], f, second=False)
        add(op, "at the corner", [np.float32([corner, 1.5, -1.5])], f, kinks=True)
        add(op, "many", [Pattern([10007], 7919, 1009, 504, 64)], f)
        if op in KEEPS_INTEGERS:
            add(op, "int32", [np.array([-3, 0, 4, 9], np.int32)], f)
        else:
            add(op, "int32", [np.array([-3, 0, 4, 9], np.int32)], lambda x, f=f: f(x.astype(np.float64)))
    add("leakyRelu", "alpha", [nudged(Values("leaky").normal(5))], lambda x: np.where(x > 0, x, 0.5 * x), 0.5)
    for op, f in STEPS.items():
        add(op, "values", [nudged(Values(op).normal(2, 5))], f)
        add(op, "whole and half numbers", [np.float32([-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2.5])], f, gradient=False)
        whole = np.array([-3, 0, 4], np.int32)
        add(op, "int32", [whole], lambda x, f=f: f(x.astype(np.float64)).astype(np.int64))
    add("step", "alpha", [np.float32([-2, 0.5, 3])], lambda x: np.where(x > 0, 1.0, 0.25), 0.25)
    add("clipByValue", "values", [np.float32([-3, -1.5, 0.25, 1.5, 3])], lambda x: np.clip(x, -2, 2), -2, 2)
    for end in [-2, 2]:
        add("clipByValue", f"at {end}", [np.float32([end, 0.5, end / 4])], lambda x: np.clip(x, -2, 2), -2, 2, kinks=True)
    add("clipByValue", "int32", [np.array([-3, 0, 4], np.int32)], lambda x: np.clip(x, -2, 2), -2, 2)
    add("prelu", "values", [nudged(Values("prelu").normal(2, 4)), np.float32([0.25, 0.5, -0.5, 1.5])], lambda x, a: np.where(x > 0, x, a * x))
    add("prelu", "one alpha", [nudged(Values("prelu1").normal(2, 4)), np.float32(0.25)], lambda x, a: np.where(x > 0, x, a * x))
    for op, f in {"isNaN": np.isnan, "isInf": np.isinf, "isFinite": np.isfinite}.items():
        odd = np.float32([np.nan, np.inf, -np.inf, 0, -1.5, 3e38])
        add(op, "values", [odd], f)
        add(op, "int32", [np.array([0, -1, 3], np.int32)], f)


def binary():
    def both(op, f, left, right, **options):
        values = Values(op)
        pick = lambda limits, *shape: values.normal(*shape, low=limits[0], high=limits[1])
        add(op, "same shape", [pick(left, 2, 3), pick(right, 2, 3)], f, **options)
        add(op, "scalar", [pick(left, 2, 3), pick(right)], f, **options)
        add(op, "a scalar first", [pick(left), pick(right, 2, 3)], f, **options)
        add(op, "rows and columns", [pick(left, 3, 1), pick(right, 1, 4)], f, **options)
        add(op, "of lower rank", [pick(left, 2, 3, 2), pick(right, 3, 1)], f, **options)
        add(op, "inner axes", [pick(left, 2, 1, 3, 1), pick(right, 2, 2, 1, 2)], f, **options)
        add(op, "many", [many([3, 3331], *left), np.float32([[right[0] / 2 + right[1] / 2 + 0.125]])], f)

    def ints(op, f, a=(-9, 9), b=(-9, 9)):
        values = Values(op + "int")
        add(op, "int32", [values.whole(*a, 2, 5), values.whole(*b, 2, 5)], f)
        add(op, "int32, broadcast", [values.whole(*a, 3, 1), values.whole(*b, 1, 4)], f)

    both("add", np.add, (-3, 3), (-3, 3))
    both("sub", np.subtract, (-3, 3), (-3, 3))
    both("mul", np.multiply, (-3, 3), (-3, 3))
    both("div", np.divide, (-3, 3), (0.4, 3))
    add("div", "negative", [np.float32([1, -2, 3]), np.float32([-2, -0.5, 4])], np.divide)
    both("divNoNan", lambda a, b: np.where(b == 0, 0, a / np.where(b == 0, 1, b)), (-3, 3), (0.4, 3))
    add("divNoNan", "by zero", [np.float32([1, -2, 0]), np.float32([0, 2, 0])], lambda a, b: np.where(b == 0, 0, a / np.where(b == 0, 1, b)), gradient=False)
    both("squaredDifference", lambda a, b: (a - b) ** 2, (-3, 3), (-3, 3))
    both("pow", np.power, (0.3, 3), (-2, 2))
    add("pow", "negative base", [np.float32([-1.5, -2, 2.5]), np.float32([2, 3, 2])], np.power, gradient=False)
    add("pow", "base zero", [np.float32([0, 0, 2]), np.float32([2, 0, -1])], np.power, gradient=False)
    add("pow", "negative base, whole constant", [np.float32([-1.5, -2, 2.5])], lambda a: a**3, call=["$0", 3])
    both("atan2", np.arctan2, (-3, 3), (0.3, 3))
    add("atan2", "all quadrants", [np.float32([1, 1, -1, -1]), np.float32([2, -2, 2, -2])], np.arctan2)
    for op, f in {"maximum": np.maximum, "minimum": np.minimum}.items():
        values = Values(op)
        add(op, "same shape", [values.apart(2, 3), values.apart(2, 3, offset=0.125)], f)
        add(op, "scalar", [values.apart(2, 3), np.float32(0.125)], f)
        add(op, "a scalar first", [np.float32(0.125), values.apart(2, 3)], f)
        add(op, "rows and columns", [values.apart(3, 1), values.apart(1, 4, offset=0.125)], f)
        add(op, "of lower rank", [values.apart(2, 3, 2), values.apart(3, 1, offset=0.125)], f)
        add(op, "ties", [np.float32([1, 2, 3]), np.float32([1, 3, 3])], f, kinks=True)
        ints(op, f)
    whole = lambda f: lambda a, b: f(a, b)
    for op, f in {"floorDiv": np.floor_divide, "mod": np.mod}.items():
        values = Values(op)
        a, b = nudged(values.normal(2, 4)), np.float32([0.75, -0.75, 1.25, -1.25])
        add(op, "values", [a, b], f, gradient=op == "mod")
        add(op, "rows and columns", [np.float32([[1.5], [-2.75], [4.125]]), np.float32([[1, -1.25, 2]])], f, gradient=op == "mod")
        ints(op, whole(f), b=(1, 9))
        add(op, "int32, negative", [np.array([7, -7, 7, -7], np.int32), np.array([3, 3, -3, -3], np.int32)], f)
        add(op, "int32, large", [np.array([16777217, -16777217, 2147483647], np.int32), np.array([3, 3, 7], np.int32)], f)
    for op, f in {"add": np.add, "sub": np.subtract, "mul": np.multiply}.items():
        ints(op, f)
        add(op, "int32, large", [np.array([16777217, -16777219], np.int32), np.array([2, 3], np.int32)], f)
    ints("squaredDifference", lambda a, b: (a - b) ** 2)
    ints("div", np.floor_divide, b=(1, 9))
    ints("pow", np.power, a=(-4, 5), b=(0, 4))
    add("add", "of two dtypes", [np.float32([1.5, 2]), np.array([1, 2], np.int32)], np.add)
    add("mul", "with bool", [np.float32([1.5, 2]), np.array([True, False])], np.multiply)
    for op, f in {
        "equal": np.equal,
        "notEqual": np.not_equal,
        "greater": np.greater,
        "greaterEqual": np.greater_equal,
        "less": np.less,
        "lessEqual": np.less_equal,
    }.items():
        add(op, "values", [np.float32([-1, 0, 0.5, 2]), np.float32([-1, 0.5, 0, 2])], f)
        add(op, "rows and columns", [np.float32([[-1], [0], [2]]), np.float32([[-1, 0, 2, 3]])], f)
        add(op, "int32", [np.array([-3, 0, 16777217], np.int32), np.array([0, 0, 16777216], np.int32)], f)
        add(op, "bool", [np.array([True, True, False, False]), np.array([True, False, True, False])], f)
    for op, f in {
        "logicalAnd": np.logical_and,
        "logicalOr": np.logical_or,
        "logicalXor": np.logical_xor,
    }.items():
        four = [np.array([True, True, False, False]), np.array([True, False, True, False])]
        add(op, "values", four, f)
        add(op, "rows and columns", [four[0][:, None], four[1][None]], f)
    add("logicalNot", "values", [np.array([True, False, True])], np.logical_not)
    add("bitwiseAnd", "values", [np.array([12, 7, -1], np.int32), np.array([10, 4, 255], np.int32)], np.bitwise_and)
    add("addN", "three", [Values("addN").normal(2, 3) for _ in range(3)], lambda *x: sum(x), call=[["$0", "$1", "$2"]])
    add("addN", "seventeen", [Values(f"addN{i}").normal(3) for i in range(17)], lambda *x: sum(x), call=[[f"${i}" for i in range(17)]])
    add("addN", "int32", [np.array([1, -2], np.int32), np.array([5, 6], np.int32)], lambda *x: sum(x), call=[["$0", "$1"]])


def casts():
    odd = np.float32([-2.75, -0.5, 0, 0.5, 256, 2.75])
    add("cast", "float32 to int32", [odd], lambda x: np.trunc(x).astype(np.int64), "int32")
    add("cast", "float32 to bool", [odd], lambda x: x != 0, "bool")
    add("cast", "int32 to float32", [np.array([-3, 0, 70000], np.int32)], lambda x: x.astype(np.float64), "float32")
    add("cast", "int32 to bool", [np.array([-256, 0, 2, 256], np.int32)], lambda x: x != 0, "bool")
    add("cast", "bool to int32", [np.array([True, False])], lambda x: x.astype(np.int64), "int32")
    add("cast", "bool to float32", [np.array([True, False])], lambda x: x.astype(np.float64), "float32")
    add("cast", "float32 to itself", [odd], lambda x: x, "float32")


def large():
    """Integers that float32 does not hold."""
    x = np.array([16777217, -16777219, 3], np.int32)
    functions = {
        "neg": np.negative,
        "abs": np.abs,
        "relu": lambda x: np.maximum(x, 0),
        "relu6": lambda x: np.clip(x, 0, 6),
        "round": lambda x: x,
    }
    for op, f in functions.items():
        add(op, "int32, large", [x], f)
    add("square", "int32, large", [np.array([40003, -4099], np.int32)], np.square)
    add("clipByValue", "int32, large", [x], lambda x: np.clip(x, -16777218, 16777216), -16777218, 16777216)
    add("neg", "bool", [np.array([True, False])], lambda x: -x.astype(np.int64))
    for op in ["maximum", "minimum"]:
        add(op, "int32, large", [x, np.array([16777216, -16777218, 4], np.int32)], getattr(np, op))
    add("sign", "small", [np.float32([2.0**-30, -(2.0**-30), 2.0**-60, 0])], np.sign, gradient=False)
    slopes = lambda x, a: np.where(x > 0, x, a * x)
    add("prelu", "of rows", [np.float32([[-1.5, 2, -3.25], [-2, -0.75, 4]]), np.float32([[0.5], [2]])], slopes)
    floats = {"prelu": lambda x, a: np.where(x > 0, x, a * x), "atan2": np.arctan2}
    for op, f in floats.items():
        add(op, "int32", [np.array([-3, 0, 2], np.int32), np.array([2, 1, 3], np.int32)], lambda a, b, f=f: f(a.astype(np.float64), b))


def booleans():
    """As the integers 0 and 1: booleans where nothing else can come out."""
    a, b = np.array([True, True, False, False]), np.array([True, False, True, False])
    ones = np.ones(4, bool)
    whole = lambda f: lambda *x: f(*[y.astype(np.int32) for y in x])
    truth = lambda f: lambda *x: f(*[y.astype(np.int32) for y in x]) != 0
    for op, f in {"abs": np.abs, "square": np.square, "relu": np.abs, "relu6": np.abs, "sign": np.sign, "step": np.sign, "round": np.abs}.items():
        add(op, "bool, as it is", [a], truth(f))
    for op, f in {"add": np.add, "sub": np.subtract}.items():
        add(op, "bool and bool", [a, b], whole(f))
        add(op, "bool, broadcast", [a.reshape(4, 1), b], whole(f))
    for op, f in {"mul": np.multiply, "squaredDifference": lambda x, y: (x - y) ** 2, "pow": np.power}.items():
        add(op, "bool and bool", [a, b], truth(f))
    add("mod", "bool and true", [a, ones], truth(np.mod))
    add("div", "bool and true", [a, ones], truth(np.floor_divide))
    add("floorDiv", "bool and true", [a, ones], whole(np.floor_divide))
    add("cumsum", "bool", [a], whole(np.cumsum))
    add("cumprod", "bool", [a], whole(np.cumprod))


def by_zero():
    """Integers divided by 0, of which NumPy makes 0."""
    a, b = np.array([[7], [-7], [0]], np.int32), np.array([0, 2, 0, -3], np.int32)
    for op, f in {"div": np.floor_divide, "floorDiv": np.floor_divide, "mod": np.mod}.items():
        add(op, "int32 by 0", [np.array([7, -7, 0], np.int32), np.zeros(3, np.int32)], f)
        add(op, "int32 by 0, broadcast", [a, b], f)


def cases():
    unary()
    binary()
    casts()
    large()
    booleans()
    by_zero()
