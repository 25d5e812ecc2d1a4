"""Writes 150 float32 with NaN, both zeros and equal values to a .npy file."""

import struct
import sys

count = 150
values = []
for k in range(count):
    value = (k * 37 % 64 - 32) / 16
    if k % 7 == 3:
        value = float("nan")
    elif k % 5 == 0:
        value = 0.0 if k % 2 else -0.0
    values.append(value)
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % count
text = header.ljust(117).encode() + b"\n"
with open(sys.argv[1], "wb") as out:
    out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)
    out.write(struct.pack("<%df" % count, *values))
