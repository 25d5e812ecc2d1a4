"""Neighbourhoods of NATTEN: for each axis the window of the leader of a stride
group, moved inside; with dilation, within the tokens of one residue."""
from rules import Case


def axis(x, y, length, kernel, stride=1, dilation=1, causal=False):
    """True where y is in the window of x on one axis."""
    if x % dilation != y % dilation:
        return False
    members = range(x % dilation, length, dilation)
    n, x, y = len(members), x // dilation, y // dilation
    first_of_group = x // stride * stride
    if causal:
        leader = min(first_of_group + stride - 1, n - 1)
        return leader - kernel < y <= x
    leader = min(first_of_group + stride // 2, n - 1)
    before = kernel // 2
    # kernel keys, shifted where they would leave the axis
    start = min(max(leader - before, 0), n - kernel)
    return start <= y < start + kernel


def grid(lengths, *axes):
    """Rule of tokens in raster order; the options of each axis."""
    def split(t):
        place = []
        for length in reversed(lengths):
            place.append(t % length)
            t //= length
        return place[::-1]

    def rule(b, h, i, j):
        return all(axis(x, y, length, **options)
                   for x, y, length, options
                   in zip(split(i), split(j), lengths, axes))
    return rule


def line(**options):
    return grid([61], options)


CASES = [
    Case("one", {"H": 1, "N": 61}, {}, {
        "3": line(kernel=3),
        "13 by 4": line(kernel=13, stride=4),
        "7, dilated": line(kernel=7, dilation=4),
        "causal": line(kernel=9, stride=2, causal=True),
    }),
    Case("two", {"H": 1, "N": 63}, {}, {
        "3 x 5": grid([7, 9], dict(kernel=3), dict(kernel=5)),
        "strides": grid([7, 9], dict(kernel=4, stride=2),
                        dict(kernel=5, stride=3)),
        "dilated": grid([7, 9], dict(kernel=3, dilation=2),
                        dict(kernel=3, dilation=3)),
        "causal": grid([7, 9], dict(kernel=3, causal=True), dict(kernel=5)),
    }),
    Case("three", {"H": 1, "N": 60}, {}, {
        "3 x 3 x 3": grid([3, 4, 5], dict(kernel=3), dict(kernel=3),
                          dict(kernel=3)),
        "mixed": grid([3, 4, 5], dict(kernel=2, causal=True),
                      dict(kernel=4, stride=2), dict(kernel=2, dilation=2)),
    }),
]
