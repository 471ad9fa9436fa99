#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""without_io_uring.py COMMAND...: runs it where io_uring_setup is refused, as in most containers."""
import ctypes
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
IO_URING_SETUP = 425  # on every architecture
EPERM = 1


def refuse(number):
    """A filter: load the call's number; is it that one? then EPERM; all else is allowed."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in (
        (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | EPERM),
        (0x06, 0, 0, 0x7fff0000)))
    instructions = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8,
                                                      ctypes.addressof(instructions)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or \
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


refuse(IO_URING_SETUP)
os.execvp(sys.argv[1], sys.argv[1:])
