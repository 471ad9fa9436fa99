#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Finds a hash of the words of sql_keyword.tbl without collisions, and prints its table.

usage: keywords.py TABLE OUTPUT

A word's slot is the top BITS of its first 8 bytes, little endian, times MULTIPLIER.
"""
import random
import re
import sys

BITS = 9


def main():
    table, output = sys.argv[1:]
    with open(table, encoding="utf-8") as file:
        names = dict(re.findall(r'^KEYWORD\((\w+), "(\w+)"', file.read(), re.MULTILINE))
    firsts = {name: int.from_bytes(word.encode()[:8].ljust(8, b"\0"), "little")
              for name, word in names.items()}
    if len(set(firsts.values())) != len(firsts) or max(map(len, names.values())) > 15:
        raise SystemExit("keywords.py: two words begin alike, or one is too long")
    numbers = random.Random(1)  # the same table each time
    while True:
        multiplier = numbers.getrandbits(64) | 1
        slots = {(first * multiplier & (1 << 64) - 1) >> (64 - BITS): name
                 for name, first in firsts.items()}
        if len(slots) == len(names):
            break
    with open(output, "w", encoding="utf-8") as out:
        out.write(f"#define SQL_KEYWORD_MULTIPLIER {multiplier:#x}u\n"
                  f"#define SQL_KEYWORD_SHIFT {64 - BITS}\n#ifdef KEYWORD_SLOT\n")
        out.writelines(f"KEYWORD_SLOT({slot}, {name})\n" for slot, name in sorted(slots.items()))
        out.write("#endif\n")


if __name__ == "__main__":
    main()
