"""StreamingLLM, MInference, Quest, NSA, H2O, Medusa's trees, chunks."""
import numpy

from rules import Case

GENERATOR = numpy.random.default_rng(7)
H, N, M, BLOCK = 2, 13, 61, 8
PAGES = -(-M // BLOCK)
VERTICAL = numpy.array([2, 9, 33, 47, 58], numpy.int32)
HOT = numpy.array([[0, 7, 30, 55], [1, 20, 21, 60]], numpy.int32)
PICK = GENERATOR.integers(0, PAGES, (N, 3)).astype(numpy.int32)
PAGE = GENERATOR.random((H, N, PAGES)) > 0.7
LENGTH = numpy.array([61, 37], numpy.int32)


def at(i):
    """Position of query i: the queries are the last of the keys."""
    return i + M - N


def recent(i, j, width):
    return 0 <= at(i) - j < width


def slash(b, h, i, j):
    return j <= at(i) and (j in VERTICAL or at(i) - j in (0, 1, 2, 3, 17, 29))


# Drafts: token t has a parent; 0 is the root.
DRAFTS, CACHE = 11, 42
PARENT = [0, 0, 0, 1, 1, 2, 3, 3, 5, 6, 6]
TREE = numpy.zeros((DRAFTS, DRAFTS), bool)
for t in range(DRAFTS):
    u = t
    TREE[t, u] = True
    while u:
        u = PARENT[u]
        TREE[t, u] = True


def medusa(b, h, i, j):
    if j < CACHE:
        return True
    u = i
    while u != j - CACHE:
        if u == 0:
            return False
        u = PARENT[u]
    return True


CASES = [
    Case("decode", {"H": H, "N": N, "M": M, "K": len(VERTICAL), "W": 4},
         {"vertical": VERTICAL, "hot": HOT, "pick": PICK, "page": PAGE,
          "len": LENGTH}, {
        "sinks": lambda b, h, i, j: j <= at(i) and (j < 4 or recent(i, j, 9)),
        "vertical-slash": slash,
        "Quest": lambda b, h, i, j: j <= at(i) and j // BLOCK in PICK[i],
        "NSA": lambda b, h, i, j: j <= at(i) and PAGE[h, i, j // BLOCK]
            or recent(i, j, 7),
        "H2O": lambda b, h, i, j: j <= at(i) and j in HOT[h]
            or recent(i, j, 6),
        "padded": lambda b, h, i, j: j <= at(i) and j < LENGTH[h],
    }),
    Case("drafts", {"H": 1, "N": DRAFTS, "M": DRAFTS + CACHE, "pos": 20},
         {"tree": TREE}, {
        "Medusa": medusa,
        "chunk": lambda b, h, i, j: j <= 20 + i,
        "rolling": lambda b, h, i, j: 20 + i - 16 < j <= 20 + i,
        "top left": lambda b, h, i, j: j <= i,
    }),
]
