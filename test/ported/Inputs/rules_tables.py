"""Longformer and BigBird of transformers, Reformer, Sinkhorn, Routing, packed
sequences, block diffusion, and the block-diagonal biases of xFormers."""
import numpy

from rules import Case

GENERATOR = numpy.random.default_rng(3)
B, H, N, S = 2, 2, 61, 4
BLOCKS = -(-N // S)


def integers(high, *shape):
    return GENERATOR.integers(0, high, shape).astype(numpy.int32)


GLOBAL = numpy.zeros((B, N), bool)
GLOBAL[0, [0, 17]] = GLOBAL[1, 44] = True
MASK = numpy.ones((B, N), bool)
MASK[1, 50:] = False
RANDOM = integers(BLOCKS, H, BLOCKS, 2)
BUCKET = integers(7, B, H, N)
# sorted by bucket, equal ones in order; rank of each token
RANK = numpy.argsort(numpy.argsort(BUCKET, axis=-1, kind="stable"),
                     axis=-1, kind="stable")
PERMUTATION = numpy.array([GENERATOR.permutation(BLOCKS) for _ in range(H)],
                          numpy.int32)
CLUSTER = integers(5, H, N)
LENGTHS = [[20, 3, 38], [61]]
SEGMENT = numpy.array([numpy.repeat(range(len(x)), x) for x in LENGTHS],
                      numpy.int32)
RESET = numpy.array([numpy.repeat(numpy.cumsum([0] + x[:-1]), x)
                     for x in LENGTHS], numpy.int32)


def longformer(b, h, i, j):
    return (abs(i - j) <= 5 or GLOBAL[b, i] or GLOBAL[b, j]) and MASK[b, j]


def bigbird(b, h, i, j):
    u, w = i // S, j // S
    ends = (0, BLOCKS - 1)
    return (abs(u - w) <= 1 or u in ends or w in ends or w in RANDOM[h, u])


def reformer(b, h, i, j):
    chunks = RANK[b, h, i] // S - RANK[b, h, j] // S
    return (chunks in (0, 1) and BUCKET[b, h, i] == BUCKET[b, h, j]
            and j <= i)


HALF = 28


def diffusion(b, h, i, j, block=5):
    clean_i, clean_j = i >= HALF, j >= HALF
    u, w = i % HALF // block, j % HALF // block
    if clean_i:
        return clean_j and u >= w
    return u > w if clean_j else u == w


def cantor(b, h, i, j):
    return j <= i and all((i - j) // 3 ** k % 3 != 1 for k in range(2))


# Lengths of queries and keys of four sequences.
QUERIES, KEYS = [5, 12, 1, 19], [15, 15, 15, 15]
LENGTH = numpy.array([15, 12, 1, 7], numpy.int32)


def spread(lengths):
    return numpy.repeat(range(len(lengths)), lengths).astype(numpy.int32)


SQ, SK = spread(QUERIES), spread(KEYS)
# Bottom right: the last query of a sequence stands at its last key.
RQ = numpy.concatenate([numpy.arange(k - q, k)
                        for q, k in zip(QUERIES, KEYS)]).astype(numpy.int32)
RK = numpy.concatenate([numpy.arange(k) for k in KEYS]).astype(numpy.int32)
SPAN = numpy.array([3, 11], numpy.int32)
PREFIX = numpy.array([30, 1], numpy.int32)


def bottom(i, j):
    return RQ[i] - RK[j] if SQ[i] == SK[j] else -1


CASES = [
    Case("encoders", {"B": B, "H": H, "N": N},
         {"is_global": GLOBAL, "mask": MASK, "rand": RANDOM, "bucket": BUCKET,
          "perm": PERMUTATION, "cluster": CLUSTER, "seg": SEGMENT,
          "reset": RESET}, {
        "Longformer": longformer,
        "BigBird": bigbird,
        "Reformer": reformer,
        "Sinkhorn": lambda b, h, i, j: j // S in (i // S,
                                                  PERMUTATION[h, i // S]),
        "Routing": lambda b, h, i, j: j <= i
            and CLUSTER[h, i] == CLUSTER[h, j],
        "packed": lambda b, h, i, j: j <= i and SEGMENT[b, i] == SEGMENT[b, j],
    }),
    Case("diffusion", {"H": 1, "N": 2 * HALF}, {}, {
        "BD3LM": diffusion,
        "striped": lambda b, h, i, j: j * 4 + 2 <= i * 4 + 1,
        "checkerboard": lambda b, h, i, j: (i + j) % 2 == 0,
        "Cantor": cantor,
    }),
    Case("bias", {"H": H, "N": sum(QUERIES), "M": sum(KEYS), "S": 4},
         {"sq": SQ, "sk": SK, "rq": RQ, "rk": RK, "klen": LENGTH,
          "span": SPAN, "pre": PREFIX}, {
        "block diagonal": lambda b, h, i, j: SQ[i] == SK[j],
        "bottom right": lambda b, h, i, j: bottom(i, j) >= 0,
        "local": lambda b, h, i, j: 0 <= bottom(i, j) < 5,
        "padded keys": lambda b, h, i, j: SQ[i] == SK[j]
            and RK[j] < LENGTH[SK[j]],
        "spans": lambda b, h, i, j:
            -2 <= i + sum(KEYS) - sum(QUERIES) - j <= SPAN[h],
        "prefix": lambda b, h, i, j: j < PREFIX[h]
            or j <= i + sum(KEYS) - sum(QUERIES),
    }),
]
