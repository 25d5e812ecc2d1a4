"""Layouts of DeepSpeed (sparsity_config.py), of openai/sparse_attention, and
LongNet."""
import numpy

from rules import Case

BLOCK, LOCAL, HEADS, N = 4, 4, 4, 60
BLOCKS = N // BLOCK


def fixed():
    """One window of LOCAL blocks, up to the own one; in each window one block,
    another one for each head, is seen by all later ones; in a short last window
    its last one at most."""
    layout = numpy.zeros((HEADS, BLOCKS, BLOCKS), bool)
    for h in range(HEADS):
        for u in range(BLOCKS):
            layout[h, u, u // LOCAL * LOCAL:u + 1] = True
        chosen = LOCAL - 1 - h % LOCAL
        whole = BLOCKS // LOCAL * LOCAL
        seen = list(range(chosen, whole, LOCAL))
        if whole < BLOCKS:
            seen.append(min(whole + chosen, BLOCKS - 1))
        for w in seen:
            layout[h, w:, w] = True
    return layout


def variable():
    layout = numpy.zeros((HEADS, BLOCKS, BLOCKS), bool)
    first = 0
    for length in [1, 2] + [4] * BLOCKS:
        layout[:, first:first + length, first:first + length] = True
        first += length
    layout[:, [0, 3]] = True
    layout[:, :, [0, 3]] = True
    return layout


def longformer():
    layout = numpy.zeros((HEADS, BLOCKS, BLOCKS), bool)
    for u in range(BLOCKS):
        layout[:, u, max(0, u - 1):u + 2] = True
    layout[:, 0] = True
    layout[:, :, 0] = True
    return layout


def by_blocks(layout):
    return lambda b, h, i, j: layout[h, i // BLOCK, j // BLOCK]


def by_head(b, h, i, j):
    if j > i:
        return False
    return [i - j <= 8, (i - j) % 8 == 0, i // 8 == j // 8, j % 8 >= 6][h]


CASES = [
    Case("fixed", {"H": HEADS, "N": N}, {}, {
        "unidirectional": by_blocks(fixed()),
        "variable": by_blocks(variable()),
        "BSLongformer": by_blocks(longformer()),
    }),
    Case("strided", {"H": HEADS, "N": 61}, {}, {
        "local": lambda b, h, i, j: 0 <= i - j < 9,
        "strided": lambda b, h, i, j: i >= j and (i - j) % 7 == 0,
        "LongNet": lambda b, h, i, j: i // 16 == j // 16
            and i % 4 == j % 4 == h,
        "by head": by_head,
    }),
]
