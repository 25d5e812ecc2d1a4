"""The patterns of the comparison, as mask functions of FlexAttention.

Each has the pairs of the pattern file of the same name in `patterns/`, at
H=4, N=8192, D=64; grids are 64 x 128.
"""

from dataclasses import dataclass, field
from typing import Callable

import torch

HEADS, TOKENS, CHANNELS = 4, 8192, 64
HEIGHT, WIDTH = 64, 128
GLOBALS = 8
WORD = 2**64


@dataclass
class System:
    """One row of the table: file, kernel, arguments after v, mask."""

    pattern: str
    kernel: str
    mask: Callable
    integers: list = field(default_factory=list)
    index_sets: list = field(default_factory=list)
    # Sizes of FlexAttention's blocks to try; the fastest counts.
    blocks: tuple = (64, 128)


def scramble(x):
    """One step of the counter-based generator (S7 in docs/language.md)."""
    x = (x + 0x9E3779B97F4A7C15) % WORD
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) % WORD
    return x ^ (x >> 31)


def drawn_blocks(seed, count, size):
    """Random blocks of BigBird: bool[heads, query block, key block]."""
    blocks = -(-TOKENS // size)
    drawn = torch.zeros(HEADS, blocks, blocks, dtype=torch.bool)
    for head in range(HEADS):
        for u in range(1, blocks - 1):
            near = {0, blocks - 1, u - 1, u, u + 1}
            candidates = [w for w in range(blocks) if w not in near]
            for t in range(min(count, len(candidates))):
                mixed = scramble(scramble(scramble(scramble(seed) + head) + u) + t)
                drawn[head, u, candidates.pop(mixed * len(candidates) // WORD)] = True
    return drawn


def bigbird():
    drawn, last = drawn_blocks(seed=7, count=3, size=64), TOKENS // 64 - 1

    def mask(b, h, i, j):
        u, w = i // 64, j // 64
        ends = (u == 0) | (u == last) | (w == 0) | (w == last)
        return ends | (torch.abs(u - w) <= 1) | drawn[h, u, w]

    return mask


def strided(b, h, i, j):
    return (i >= j) & ((i - j < 128) | ((i - j) % 128 == 0))


def dilated(b, h, i, j):
    return (torch.abs(i - j) <= 256) & ((i - j) % 4 == 0)


def longformer(b, h, i, j):
    return (torch.abs(i - j) <= 256) | (i < GLOBALS) | (j < GLOBALS)


def axial(b, h, i, j):
    return i // WIDTH == j // WIDTH


def near(x, y, length, size):
    first = torch.clamp(x - size // 2, 0, length - size)
    return (first <= y) & (y < first + size)


def neighbourhood(b, h, i, j):
    return near(i // WIDTH, j // WIDTH, HEIGHT, 13) & near(
        i % WIDTH, j % WIDTH, WIDTH, 13
    )


def systems():
    grid = [HEIGHT, WIDTH]
    return [
        System("causal", "causal_attention", lambda b, h, i, j: i >= j),
        System("local", "local_attention",
               lambda b, h, i, j: (i >= j) & (i - j < 512)),
        System("sparse_strided", "sparse_strided", strided),
        System("dilated", "dilated", dilated),
        System("bigbird", "bigbird", bigbird()),
        System("longformer_shared", "longformer_shared", longformer,
               index_sets=[list(range(GLOBALS))]),
        System("axial_rows", "axial_rows", axial, integers=grid),
        System("neighbourhood_2d", "neighbourhood_2d", neighbourhood,
               integers=grid),
    ]
