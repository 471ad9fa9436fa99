# SPDX-License-Identifier: Apache-2.0
"""What the person in front of the terminal sees while it runs."""

import sys
import time

_begin = time.monotonic()


def step(text):
    """One line, with the time since the start: "  1:23  the deploy: v2"."""
    elapsed = int(time.monotonic() - _begin)
    print(f"{elapsed // 60:3}:{elapsed % 60:02}  {text}", flush=True)


def warn_if_busy(share):
    """Times measured beside other work are the other work's as much as ours."""
    if share > 0.15:
        step(f"WARNING: other programs use {share:.0%} of this machine; the times will show it")


def block(text):
    """Something to read, set off by empty lines."""
    print(f"\n{text.rstrip()}\n", flush=True)


def live(text):
    """A line that the next one replaces; a log file would only be flooded by it."""
    if sys.stdout.isatty():
        print(f"\r\033[K       {text}", end="", flush=True)


def live_end():
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
