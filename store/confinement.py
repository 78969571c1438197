"""What a worker process takes from itself before it answers: memory without end, sockets, core files."""

import ctypes
import errno
import os
import resource
import struct
from pathlib import Path

# The number of `socket` among the system calls of Linux; it is 198 wherever the table is the generic one.
_SOCKET = {"x86_64": 41}.get(os.uname().machine, 198)
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine(memory: int) -> None:
    """Limits the memory of this process for good, and has it leave no core file.

    Args:
        memory: Bytes that it may have beyond what it has now.
    """
    used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    for kind, most in ((resource.RLIMIT_AS, used + memory), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def take_sockets() -> None:
    """Lets this process open no socket ever again.

    A limit of files would keep SERVICE from a socket too, but the engine opens its own files late, and loops without.

    Raises:
        OSError: The kernel has no seccomp (https://docs.kernel.org/userspace-api/seccomp_filter.html).
    """
    # Load the number of the call; is it `socket`, go on, else skip one; refuse; allow.
    steps = ((_LOAD, 0, 0, 0), (_JUMP_IF_EQUAL, 0, 1, _SOCKET), (_RETURN, 0, 0, _ERRNO | errno.EACCES))
    filtered = b"".join(struct.pack("=HBBI", *step) for step in (*steps, (_RETURN, 0, 0, _ALLOW)))
    program = _Program(len(steps) + 1, filtered)
    libc = ctypes.CDLL(None, use_errno=True)
    zeros = (ctypes.c_ulong(0),) * 3
    for step in (
        (_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), *zeros),
        (_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(program), *zeros[:2]),
    ):
        if libc.prctl(*step):
            raise OSError(ctypes.get_errno(), "sockets cannot be taken from a worker")
