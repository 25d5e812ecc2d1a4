"""Two-dimensional masks of attention-gym (natten.py, sta.py) and xFormers
(attention_patterns.py)."""
import numpy

from rules import Case

Y, X = 6, 8
KY, KX = 3, 5
TY, TX = 2, 4
N = Y * X
GENERATOR = numpy.random.default_rng(5)


def clamp(x, low, high):
    return max(low, min(x, high))


def near(x, y, length, kernel):
    centre = clamp(x, kernel // 2, length - 1 - kernel // 2)
    return abs(centre - y) <= kernel // 2


def raster(t):
    return t // X, t % X


def in_tiles(t):
    tile, inside = divmod(t, TY * TX)
    return (tile // (X // TX) * TY + inside // TX,
            tile % (X // TX) * TX + inside % TX)


def bits(code):
    return sum((code >> 2 * k & 1) << k for k in range(8))


# Tokens lie in the order of their Morton codes.
Z_ORDER = sorted(((y, x) for y in range(Y) for x in range(X)),
                 key=lambda p: sum((p[0] >> k & 1) << 2 * k + 1
                                   | (p[1] >> k & 1) << 2 * k
                                   for k in range(4)))
MORTON = numpy.array([Z_ORDER.index(raster(t)) for t in range(N)], numpy.int32)
TILES = numpy.empty(N, numpy.int32)
for t in range(N):
    y, x = in_tiles(t)
    TILES[y * X + x] = t


def neighbours(place):
    def rule(b, h, i, j):
        (iy, ix), (jy, jx) = place(i), place(j)
        return near(iy, jy, Y, KY) and near(ix, jx, X, KX)
    return rule


def sliding_tiles(b, h, i, j):
    """Tiles of TY x TX; the last tokens are text."""
    vision = N
    if i >= vision or j >= vision:
        return True
    (iy, ix), (jy, jx) = (divmod(t // (TY * TX), X // TX) for t in (i, j))
    return near(iy, jy, Y // TY, 3) and near(ix, jx, X // TX, 1)


def distance(order):
    """Rule: the distance of the two tokens is below a bound."""
    def of(i, j):
        steps = [abs(a - b) for a, b in zip(raster(i), raster(j))]
        if order == 0:
            return sum(s > 0 for s in steps)
        return sum(s ** order for s in steps) ** (1 / order)
    return of


def swin(b, h, i, j, window=2, shift=1):
    return all((a + shift) // window == (c + shift) // window
               for a, c in zip(raster(i), raster(j)))


def dilated(b, h, i, j):
    return all(abs(a - c) % 2 == 0 for a, c in zip(raster(i), raster(j)))


GLOBAL = numpy.zeros(N, bool)
GLOBAL[[0, 11, 40]] = True
RANDOM = GENERATOR.random((N, N)) > 0.8
BALL = numpy.array([[y * y + x * x < 3.2 ** 2 for x in range(-3, 4)]
                    for y in range(-3, 4)])

CASES = [
    Case("gym", {"H": 1, "N": N}, {"morton": MORTON, "tiles": TILES}, {
        "natten": neighbours(raster),
        "tiled natten": neighbours(in_tiles),
        "Morton": neighbours(lambda t: Z_ORDER[t]),
    }),
    Case("sta", {"H": 1, "N": N + 8}, {}, {"sliding tiles": sliding_tiles}),
    Case("xformers", {"H": 1, "N": N},
         {"ball": BALL, "g": GLOBAL, "rnd": RANDOM}, {
        "local 1-D": lambda b, h, i, j: abs(i - j) < 4,
        "local 2-D, p=1": lambda b, h, i, j: distance(1)(i, j) < 3,
        "local 2-D, p=2": lambda b, h, i, j: distance(2)(i, j) < 3.2,
        "axial": lambda b, h, i, j: distance(0)(i, j) < 2,
        "dilated 2-D": dilated,
        "swin": swin,
        "global": lambda b, h, i, j: GLOBAL[i] or GLOBAL[j],
        "bigbird": lambda b, h, i, j: abs(i - j) < 3 or GLOBAL[i] or GLOBAL[j]
            or RANDOM[i, j],
    }),
]
