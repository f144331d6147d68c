"""Runs a command under which ptrace(2) says that it has no extended processor state.

`python uml_seccomp.py COMMAND [ARGUMENT ...]`. User-Mode-Linux 6.1 saves that state in a buffer of fixed size, too
small on processors with AMX: its first program is killed. Refused, it falls back to the classic 512 bytes. The upper
halves of the AVX registers are then lost at page faults, so its programs must not use them (WITHOUT_AVX in `uml.py`).
The filter is set on all processors, so that the lab behaves the same everywhere.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

NR_PTRACE = 101
PTRACE_GETREGSET = 0x4204
NT_X86_XSTATE = 0x202

LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
OFFSET_NUMBER, OFFSET_FIRST_ARGUMENT, OFFSET_THIRD_ARGUMENT = 0, 16, 32
REFUSE, ALLOW = 0x00050000 | errno.EIO, 0x7FFF0000

PROGRAM = (
    (LOAD, 0, 0, OFFSET_NUMBER),
    (JUMP_IF_EQUAL, 0, 5, NR_PTRACE),
    (LOAD, 0, 0, OFFSET_FIRST_ARGUMENT),
    (JUMP_IF_EQUAL, 0, 3, PTRACE_GETREGSET),
    (LOAD, 0, 0, OFFSET_THIRD_ARGUMENT),
    (JUMP_IF_EQUAL, 0, 1, NT_X86_XSTATE),
    (RETURN, 0, 0, REFUSE),
    (RETURN, 0, 0, ALLOW),
)
"""Classic BPF over struct seccomp_data (seccomp(2)): code, jump if true, jump if false, operand."""


class FilterProgram(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def main() -> None:
    """Set the filter on this process, which all its children inherit, and become the command."""
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in PROGRAM)
    program = FilterProgram(len(PROGRAM), code)
    libc = ctypes.CDLL(None, use_errno=True)
    calls = (
        (PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_void_p()),
        (PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program)),
    )
    for option, first, second in calls:
        if libc.prctl(option, first, second, ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
            number = ctypes.get_errno()
            sys.exit(f"seccomp filter, prctl {option}: {os.strerror(number)}")
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  # the caller names the command


if __name__ == "__main__":
    main()
