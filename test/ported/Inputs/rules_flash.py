"""FlashMask (arXiv 2410.01359): what its masks are for, and the vectors that
say so; spans of the queries' own."""
import numpy

from rules import Case

GENERATOR = numpy.random.default_rng(11)
H, N = 2, 61

# Documents, their questions and answers: (length of the question, of answers).
DOCUMENTS = [(5, [7, 4]), (1, [9]), (6, [3, 3, 8]), (12, [1, 2])]
document = numpy.zeros(N, int)   # of a token
part = numpy.zeros(N, int)       # 0: question, then the answers
token = 0
for d, (question, answers) in enumerate(DOCUMENTS):
    for p, length in enumerate([question] + answers):
        document[token:token + length] = d
        part[token:token + length] = p
        token += length
assert token == N


def last(same):
    """Of each token: behind the last one that is in the same group."""
    return numpy.array([max(i for i in range(N) if same(i, j)) + 1
                        for j in range(N)], numpy.int32)


def first(same):
    return numpy.array([min(i for i in range(N) if same(i, j))
                        for j in range(N)], numpy.int32)


def together(i, j):
    return document[i] == document[j]


DOCUMENT_END, DOCUMENT_BEGIN = last(together), first(together)
WINDOW, GLOBAL, SIDE = 9, 4, 6
QUESTION = last(lambda i, j: together(i, j) and part[j] in (0, part[i]))
EVICTED = numpy.array([[GENERATOR.integers(j + 1, N + 1) for j in range(N)]
                       for _ in range(H)], numpy.int32)
# Examples in blocks, and a test that sees all of them.
BLOCKS = [0, 10, 25, 31, 48]
block_of = numpy.searchsorted(BLOCKS, numpy.arange(N), side="right")
BLOCK_END = last(lambda i, j: block_of[i] == block_of[j])
TEST = numpy.where(numpy.arange(N) < BLOCKS[-1], BLOCKS[-1], N)
# Prefixes of documents: the question.
HIDDEN = numpy.where(part == 0, DOCUMENT_BEGIN, numpy.arange(N))
columns = numpy.arange(N)
LTS = numpy.where(columns < GLOBAL, N, columns + SIDE + 1)
LTE = numpy.full(N, N)
UTS = numpy.full(N, GLOBAL)
UTE = numpy.maximum(columns - SIDE, 0)


def global_and_window(b, h, i, j):
    return i < GLOBAL or j < GLOBAL or abs(i - j) <= SIDE


def i32(values):
    return numpy.asarray(values, numpy.int32)


ROWS, KEYS, REACH = 23, 61, 3
FIRST = i32(GENERATOR.integers(-3, KEYS, ROWS))
LAST = i32(FIRST + GENERATOR.integers(-2, 25, (H, ROWS)))
ASKED = GENERATOR.integers(0, 50, ROWS)
ARRIVED = GENERATOR.integers(0, 50, KEYS)
ASKED[3], ASKED[4] = numpy.iinfo(numpy.int64).max, numpy.iinfo(numpy.int64).min
CENTRE = i32(GENERATOR.integers(0, KEYS, ROWS))

CASES = [
    Case("lower", {"H": H, "N": N},
         {"document": DOCUMENT_END, "sliding": i32(columns + WINDOW),
          "question": QUESTION, "evicted": EVICTED, "block": BLOCK_END,
          "test": i32(TEST)}, {
        "causal document": lambda b, h, i, j: j <= i and together(i, j),
        "sliding window": lambda b, h, i, j: 0 <= i - j < WINDOW,
        "share question": lambda b, h, i, j: j <= i and together(i, j)
            and part[j] in (0, part[i]),
        "eviction": lambda b, h, i, j: j <= i < EVICTED[h, j],
        "causal blockwise": lambda b, h, i, j: j <= i
            and (block_of[i] == block_of[j] or i >= BLOCKS[-1]),
    }),
    Case("both", {"H": 1, "N": N},
         {"end": DOCUMENT_END, "begin": DOCUMENT_BEGIN, "hidden": i32(HIDDEN),
          "lts": i32(LTS), "lte": i32(LTE), "uts": i32(UTS), "ute": i32(UTE)}, {
        "document": lambda b, h, i, j: together(i, j),
        "prefix LM document": lambda b, h, i, j: together(i, j)
            and (part[j] == 0 or j <= i),
        "global and sliding window": global_and_window,
        "the same by triangles": global_and_window,
    }),
    Case("rows", {"H": H, "N": ROWS, "M": KEYS, "reach": REACH},
         {"first": FIRST, "last": LAST, "asked": ASKED, "arrived": ARRIVED,
          "centre": CENTRE}, {
        "spans": lambda b, h, i, j: FIRST[i] <= j < LAST[h, i],
        "outside": lambda b, h, i, j: not FIRST[i] <= j < LAST[h, i],
        "times": lambda b, h, i, j: ARRIVED[j] < ASKED[i],
        "near": lambda b, h, i, j: abs(j - int(CENTRE[i])) <= REACH,
        "mixed": lambda b, h, i, j: j < FIRST[i] - 2 * i + 30
            and i + ARRIVED[j] // 4 >= 9 or 0 <= i + KEYS - ROWS - j <= 1,
    }),
]
