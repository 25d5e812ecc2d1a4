"""Tests of the tools: each file says what is run and what must come out."""
import os
import shutil
import subprocess

import lit.formats

config.name = "effattn"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".attn", ".test"]
config.excludes = ["Inputs", "unit"]
config.test_source_root = os.path.dirname(__file__)
# CTest runs lit once a file and several at a time; lit keeps a file of times in
# this folder, so each run has its own.
config.test_exec_root = os.path.join(config.effattn_build, "test", "lit",
                                     lit_config.params.get("run", "all"))

tools = [config.effattn_tools, "/usr/lib/llvm-22/bin"]
path = os.pathsep.join(tools + [config.environment.get("PATH", "")])
config.environment["PATH"] = path
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"
config.environment["HL_VK_DEVICE_TYPE"] = "cpu"
for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "VK_DRIVER_FILES",
             "VK_ICD_FILENAMES", "LD_LIBRARY_PATH"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

root = os.path.dirname(config.test_source_root)
config.substitutions += [
    ("%patterns", os.path.join(root, "patterns")),
    ("%examples", os.path.join(root, "examples")),
    ("%build", config.effattn_build),
    ("%cmake", config.cmake),
    ("%python", config.python),
    ("%root", root),
]


def processor_has(*flags):
    with open("/proc/cpuinfo") as file:
        words = set(file.read().split())
    return all(flag in words for flag in flags)


if processor_has("avx2", "fma", "bmi2"):
    config.available_features.add("avx2")
if processor_has("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"):
    config.available_features.add("avx512")
if config.vulkan_probe and subprocess.run(
        [config.vulkan_probe], env={**os.environ, "HL_VK_DEVICE_TYPE": "cpu"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
    config.available_features.add("vulkan")
if shutil.which("nvidia-smi") and subprocess.run(
        ["nvidia-smi", "-L"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode == 0:
    config.available_features.add("cuda")
if shutil.which("ptxas") or os.path.exists("/usr/local/cuda/bin/ptxas"):
    config.available_features.add("ptxas")
    config.environment["PATH"] += os.pathsep + "/usr/local/cuda/bin"
if config.sanitize:
    config.available_features.add("sanitizer")
