"""Runs kernels of a ported file and compares which keys each row sees with the
rules of the original (rules_*.py), pair by pair.

  check.py FILE.attn [--kernel=NAME] [option of effattn-run ...]

Logits are zero and the values a unit matrix, so row i of a result is 1 / count
at the keys that it sees and 0 elsewhere: the whole mask is read from what the
compiled kernel wrote. `--check` compares with the oracle in the same run.
"""
import os
import subprocess
import sys
import tempfile

import numpy

sys.dont_write_bytecode = True

import rules  # noqa: E402

CHANNELS, VALUES = 16, 64


def tensors(case):
    """Arguments q, k and v: zeros and a unit matrix; then the tables."""
    sizes = case.sizes
    batches, heads = sizes.get("B"), sizes["H"]
    keys = sizes.get("M", sizes["N"])
    lead = [heads] if batches is None else [batches, heads]
    one_hot = numpy.zeros(lead + [keys, VALUES], numpy.float32)
    for j in range(keys):
        one_hot[..., j, j] = 1
    made = {
        "q": numpy.zeros(lead + [sizes["N"], CHANNELS], numpy.float32),
        "k": numpy.zeros(lead + [keys, CHANNELS], numpy.float32),
        "v": one_hot,
    }
    made.update(case.tables)
    return made


def wanted(case, rule):
    """What a row reads: 1 / count at each key it sees."""
    sizes = case.sizes
    keys = sizes.get("M", sizes["N"])
    result = numpy.zeros(
        (sizes.get("B", 1), sizes["H"], sizes["N"], VALUES))
    for b, h, i in numpy.ndindex(*result.shape[:3]):
        seen = [j for j in range(keys) if rule(b, h, i, j)]
        for j in seen:
            result[b, h, i, j] = 1 / len(seen)
    return result


def compare(case, name, got, rule):
    """Number of pairs, after a message and None where a pair differs."""
    want = wanted(case, rule)
    got = got.reshape(want.shape)
    wrong = numpy.argwhere(abs(got - want) > 1e-5)
    if len(wrong):
        b, h, i, j = (int(x) for x in wrong[0])
        print(f"{case.kernel}: {name}: b={b} h={h} i={i} j={j}: wanted "
              f"{want[b, h, i, j]}, got {got[b, h, i, j]}; {len(wrong)} differ")
        return None
    return int((want > 0).sum())


def run(file, case, options):
    with tempfile.TemporaryDirectory() as folder:
        command = ["effattn-run", file, f"--kernel={case.kernel}", "--check"]
        command += options
        command += [f"{name}={size}" for name, size in case.sizes.items()]
        for name, value in tensors(case).items():
            path = os.path.join(folder, f"{name}.npy")
            numpy.save(path, value)
            command += ["--input", f"{name}={path}"]
        outputs = [os.path.join(folder, f"out{k}.npy")
                   for k in range(len(case.rules))]
        command += [f"--output={path}" for path in outputs]
        ran = subprocess.run(command, text=True, capture_output=True)
        if ran.returncode:
            print(ran.stdout + ran.stderr)
            return False
        counts = [compare(case, name, numpy.load(path), rule)
                  for path, (name, rule) in zip(outputs, case.rules.items())]
    if None in counts:
        return False
    pairs = ", ".join(f"{name} {count}"
                      for name, count in zip(case.rules, counts))
    print(f"{case.kernel}: pairs as in the original: {pairs}")
    return True


def main():
    file, *options = sys.argv[1:]
    only = [o[9:] for o in options if o.startswith("--kernel=")]
    options = [o for o in options if not o.startswith("--kernel=")]
    stem = os.path.splitext(os.path.basename(file))[0]
    cases = [case for case in rules.cases(stem)
             if not only or case.kernel in only]
    assert cases, f"no rules for {stem}"
    return 0 if all([run(file, case, options) for case in cases]) else 1


if __name__ == "__main__":
    sys.exit(main())
