"""attention-gym's masks (attn_gym/masks)."""
import numpy

from rules import Case

N = 61
LENGTHS = [9, 1, 30, 21]
START = numpy.cumsum([0] + LENGTHS)[:-1].astype(numpy.int32)
DOC = numpy.repeat(numpy.arange(4), LENGTHS).astype(numpy.int32)
# Two images in a text.
MODALITY = numpy.zeros(N, numpy.int32)
MODALITY[5:14] = 1
MODALITY[33:50] = 2
PROMPT, FRAME = 5, 7


def causal(i, j):
    return i >= j


def documents(b, h, i, j):
    d = DOC[i]
    if d != DOC[j]:
        return False
    x, y = i - START[d], j - START[d]
    return y < 3 or causal(x, y)


def temporal(b, h, i, j):
    if i < PROMPT or j < PROMPT:
        return True
    return abs((i - PROMPT) % FRAME - (j - PROMPT) % FRAME) < 2


CASES = [Case("gym", {"H": 1, "N": N},
              {"doc": DOC, "start": START, "modality": MODALITY}, {
    "causal": lambda b, h, i, j: causal(i, j),
    "sliding window": lambda b, h, i, j: causal(i, j) and i - j <= 5,
    "prefix": lambda b, h, i, j: j < 7 or causal(i, j),
    "dilated": lambda b, h, i, j: abs(i - j) <= 13 and abs(i - j) % 3 == 0,
    "documents": documents,
    "batchify": lambda b, h, i, j: i // 8 == j // 8 and causal(i % 8, j % 8),
    "spatial": lambda b, h, i, j: j < PROMPT + FRAME or i < PROMPT
        or abs(i - j) < 2 * FRAME // 4 * 4,
    "temporal": temporal,
    "images": lambda b, h, i, j: causal(i, j)
        or MODALITY[i] > 0 and MODALITY[i] == MODALITY[j],
})]
