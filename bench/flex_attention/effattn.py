"""Compiled kernels called from Python: just enough for the comparison."""

import ctypes
import pathlib
import subprocess

import torch

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Device(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("id", ctypes.c_int32)]


class DataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16)]


class Tensor(ctypes.Structure):
    """DLTensor."""

    _fields_ = [("data", ctypes.c_void_p), ("device", Device),
                ("ndim", ctypes.c_int32), ("dtype", DataType),
                ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)),
                ("byte_offset", ctypes.c_uint64)]


class Value(ctypes.Union):
    """effattn_value."""

    _fields_ = [("tensor", ctypes.POINTER(Tensor)), ("i64", ctypes.c_int64)]


def view(tensor):
    """The DLTensor of a dense tensor, which it keeps alive."""
    shape = (ctypes.c_int64 * tensor.dim())(*tensor.shape)
    kind = 2 if tensor.is_floating_point() else 0
    result = Tensor(tensor.data_ptr(), Device(1, 0), tensor.dim(),
                    DataType(kind, 32, 1), shape, None, 0)
    result.owner = tensor
    return result


class Kernels:
    """A library of the systems' kernels with a context of one thread."""

    def __init__(self, build, folder, systems):
        archives = []
        for system in systems:
            subprocess.run([build / "bin/effattn-compile",
                            ROOT / f"patterns/{system.pattern}.attn",
                            "-o", folder], check=True,
                           stdout=subprocess.DEVNULL)
            archives.append(folder / f"{system.pattern}.a")
        library = folder / "kernels.so"
        subprocess.run(
            ["c++", "-O3", "-shared", "-fPIC", "-I", ROOT, "-I",
             ROOT / "runtime/include", "-o", library, HERE / "entry.cpp",
             ROOT / "bench/peak.cpp", "-Wl,--whole-archive", *archives,
             build / "lib/libeffattn_runtime.a", "-Wl,--no-whole-archive",
             "-lpthread", "-ldl", "-lm"], check=True)
        self.library = ctypes.CDLL(str(library))
        self.library.compareMessage.restype = ctypes.c_char_p
        measure = self.library.comparePeak
        measure.restype, measure.argtypes = ctypes.c_double, [ctypes.c_bool]
        wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
        self.peak = lambda: measure(wide)

    def prepare(self, system, tensors):
        """A function that launches the kernel and gives its output."""
        output = torch.empty_like(tensors[0])
        tables = [torch.tensor(s, dtype=torch.int32) for s in system.index_sets]
        views = [view(t) for t in [*tensors, *tables]]
        values = [Value(tensor=ctypes.pointer(v)) for v in views]
        values += [Value(i64=n) for n in system.integers]
        arguments = (Value * len(values))(*values)
        result = view(output)
        results = (ctypes.POINTER(Tensor) * 1)(ctypes.pointer(result))
        descriptor = ctypes.c_char.in_dll(self.library,
                                          f"{system.kernel}_kernel")

        def launch():
            status = self.library.compareLaunch(
                ctypes.byref(descriptor), arguments, results)
            if status != 0:
                raise RuntimeError(self.library.compareMessage().decode())
            return output

        launch.keep = views, result
        return launch
