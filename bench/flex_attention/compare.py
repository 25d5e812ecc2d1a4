"""Compiled kernels beside PyTorch's FlexAttention on one core of the CPU.

    python3 -m venv v && v/bin/pip install -r bench/flex_attention/requirements.txt
    taskset -c 0 v/bin/python bench/flex_attention/compare.py --build build

Each system runs both ways on the same tensors, launch by launch in turn, with
the multiply-add peak measured between; the fastest of --launches counts. Useful
FLOP/s are 4 D for each visible pair, which are counted from the mask function;
the two outputs are compared. FlexAttention's mask and compilation are made
before, and timed apart.
"""

import argparse
import pathlib
import sys
import tempfile
import time

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

import effattn
import masks


def count_pairs(mask):
    """Visible pairs of all heads, a stripe of queries at a time."""
    keys = torch.arange(masks.TOKENS)[None, :]
    count = 0
    for head in range(masks.HEADS):
        for first in range(0, masks.TOKENS, 512):
            queries = torch.arange(first, first + 512)[:, None]
            inside = mask(torch.tensor(0), torch.tensor(head), queries, keys)
            count += int(inside.broadcast_to(512, masks.TOKENS).sum())
    return count


def seconds(run):
    start = time.perf_counter()
    value = run()
    return time.perf_counter() - start, value


def prepare_flex(system, block, tensors):
    """A compiled FlexAttention, with the seconds of its mask and compilation."""
    torch._dynamo.reset()
    mask_time, mask = seconds(lambda: create_block_mask(
        system.mask, 1, masks.HEADS, masks.TOKENS, masks.TOKENS,
        device="cpu", BLOCK_SIZE=block))
    compiled = torch.compile(flex_attention)
    run = lambda: compiled(*tensors, block_mask=mask)
    compile_time, _ = seconds(run)
    return run, mask_time, compile_time


def interleave(runs, launches, peak):
    """The fastest seconds of each run, and the highest peak."""
    fastest, highest = [float("inf")] * len(runs), 0.0
    for _ in range(launches):
        for k, run in enumerate(runs):
            fastest[k] = min(fastest[k], seconds(run)[0])
        highest = max(highest, peak())
    return fastest, highest


def compare(system, kernels, tensors, launches):
    ours = kernels.prepare(system, tensors)
    output = ours()
    flex = [prepare_flex(system, block, tensors) for block in system.blocks]
    with torch.no_grad():
        difference = float((flex[0][0]() - output).abs().max())
        fastest, peak = interleave([ours] + [f[0] for f in flex], launches,
                                   kernels.peak)
    work = 4.0 * count_pairs(system.mask) * masks.CHANNELS / 1e9
    best = min(range(len(flex)), key=lambda k: fastest[k + 1])
    print(f"| {system.pattern} | {1e3 * fastest[0]:.1f} | "
          f"{work / fastest[0] / peak:.2f} | {1e3 * fastest[best + 1]:.1f} "
          f"(block {system.blocks[best]}) | "
          f"{work / fastest[best + 1] / peak:.3f} | "
          f"{fastest[best + 1] / fastest[0]:.1f} | {flex[best][1]:.1f} | "
          f"{flex[best][2]:.1f} | {difference:.1e} | {peak:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default="build",
                        help="folder of a built effattn")
    parser.add_argument("--launches", type=int, default=20)
    parser.add_argument("systems", nargs="*", help="names of pattern files; all")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    shape = (1, masks.HEADS, masks.TOKENS, masks.CHANNELS)
    tensors = [torch.randn(shape) for _ in range(3)]
    wanted = [s for s in masks.systems()
              if not options.systems or s.pattern in options.systems]
    if not wanted:
        sys.exit("no such system; there are: " +
                 ", ".join(s.pattern for s in masks.systems()))
    print("| system | effattn ms | of the peak | FlexAttention ms | of the peak "
          "| ratio | its mask s | its compilation s | largest difference "
          "| peak GFLOP/s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        kernels = effattn.Kernels(options.build, pathlib.Path(folder), wanted)
        for system in wanted:
            compare(system, kernels, tensors, options.launches)


if __name__ == "__main__":
    main()
