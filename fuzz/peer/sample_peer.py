#!/usr/bin/env python3
"""The smallest program for --exec: accepts whatever is one SEQUENCE with a short or minimal long length, and gives it back."""
import struct
import sys


def accepts(der):
    if len(der) < 2 or der[0] != 0x30:
        return False
    if der[1] < 0x80:
        return len(der) == 2 + der[1]
    count = der[1] & 0x7F
    length = int.from_bytes(der[2:2 + count], "big")
    return 1 <= count <= 4 and length >= 0x80 and len(der) == 2 + count + length


while True:
    head = sys.stdin.buffer.read(5)
    if len(head) < 5:
        break
    kind, size = struct.unpack(">cI", head)
    message = sys.stdin.buffer.read(size)
    sys.stdout.buffer.write(struct.pack(">cI", b"+", size) + message if accepts(message) else struct.pack(">cI", b"-", 0))
    sys.stdout.buffer.flush()
