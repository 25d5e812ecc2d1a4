"""The rules of the originals, written from their definitions: each says for
one batch entry, head, query and key whether the pair is in the mask. Nothing
here is shared with the compiler."""
import dataclasses
import importlib


@dataclasses.dataclass
class Case:
    kernel: str
    sizes: dict   # of effattn-run
    tables: dict  # argument: array
    rules: dict   # result, in order: rule(b, h, i, j)


def cases(stem):
    return importlib.import_module(f"rules_{stem}").CASES
