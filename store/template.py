"""The process that worker processes are forked from: it may hold a replica of the store in memory, which they share.

It has one thread and no open database: workers over a folder open it after the fork, for a forked RocksDB is broken.
It is told what to do over its standard input, a socket: `FORK` with a file descriptor, the worker's end of a channel;
`KILL` or `NICE` with the number of a worker; and when the socket closes, it and all that it forked end.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from store import answering
from store.answering import Writes
from store.base import StoreError
from store.confinement import confine, take_sockets
from store.oxigraph import copied, copy_out, memory, open_version
from store.remote import Auth, Endpoint, RemoteStore

FORK, KILL, NICE = b"F", b"K", b"N"
_STOP = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 1.0
_RANK = 5


@dataclass(frozen=True, slots=True)
class Source:
    """What workers answer from.

    Attributes:
        version: The folder of a version; empty for files.
        files: RDF files, as they are.
        memory: Bytes of memory that a worker may use beyond what the template holds.
        replica: Whether a version is copied into memory.
        server: Who answers in place of a version or files: the fields of an `Endpoint`; None for nobody.
    """

    version: str
    files: tuple[str, ...]
    memory: int
    replica: bool = False
    server: dict[str, Any] | None = None

    @staticmethod
    def asking(endpoint: Endpoint | None) -> dict[str, Any] | None:
        """Returns what `server` is for a server."""
        return {**asdict(endpoint), "home": ""} if endpoint else None

    def remote(self) -> RemoteStore | None:
        """Returns the server as a store."""
        if self.server is None:
            return None
        auth = self.server["auth"]
        return RemoteStore(Endpoint(**{**self.server, "auth": auth and Auth(**auth)}))


class Template:
    """A template process, seen from outside."""

    def __init__(self, source: Source) -> None:
        """Starts it; `control` says a byte when it is ready, and closes when it ends; `workers` is for who counts."""
        self.source = source
        self.workers = 0
        self.control, theirs = socket.socketpair()
        with theirs:
            self._process = _python("from store.template import main; main()", stdin=theirs.fileno())
        # Not as an argument, which everybody on the machine can read, for there may be a password in it.
        with suppress(OSError):
            self.control.sendall(answering.framed(answering.JOB, json.dumps(asdict(source)).encode()))

    def fork(self) -> socket.socket:
        """Has a worker forked and returns the channel to it (`store.answering`).

        Raises:
            OSError: The template has ended.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [answering.HEAD.pack(FORK, 0)], [theirs.fileno()])
        return ours

    def kill(self, worker: int) -> None:
        """Has a worker killed, at once."""
        self._tell(KILL, worker)

    def nice(self, worker: int) -> None:
        """Has a worker yield to others for the rest of its life."""
        self._tell(NICE, worker)

    def close(self) -> None:
        """Ends it and all that it forked."""
        self.control.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # It still reads its replica, and has no workers.
            self._process.kill()
            self._process.wait()

    def _tell(self, kind: bytes, worker: int) -> None:
        with suppress(OSError):  # A template that has ended took its workers along.
            self.control.sendall(answering.HEAD.pack(kind, worker))


def main() -> None:
    """Forks and kills as it is told; the main function of the process."""
    for number in _STOP:
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides.
    control = socket.socket(fileno=0)
    size = answering.HEAD.unpack(control.recv(answering.HEAD.size, socket.MSG_WAITALL))[1]
    source = Source(**json.loads(control.recv(size, socket.MSG_WAITALL)))
    held = _held(source)
    gc.freeze()  # Workers share it; a search for garbage would copy it page by page.
    control.sendall(b"\0")
    workers: set[int] = set()
    while True:
        message, descriptors = _told(control)
        _reap(workers)
        kind, number = answering.HEAD.unpack(message) if message else (KILL, 0)
        for descriptor in descriptors if kind == FORK else ():
            worker = os.fork()
            if not worker:
                control.close()
                _work(socket.socket(fileno=descriptor), held, source)
            os.close(descriptor)
            workers.add(worker)
        for worker in workers & {number} if number else workers if not message else ():
            if kind == NICE:
                os.setpriority(os.PRIO_PROCESS, worker, _RANK)
            else:
                os.kill(worker, signal.SIGKILL)
        if not message:
            for worker in workers:
                os.waitpid(worker, 0)
            return


def copy(version: str) -> None:
    """Writes the quads of a version to standard output; the main function of the process that a replica reads from."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Nobody reads on when the template has ended.
    copy_out(Path(version), sys.stdout.buffer)


def _held(source: Source) -> Writes | None:
    if not source.replica:
        return memory(map(Path, source.files)) if source.files else source.remote()
    # In a process of its own: an open database would bring its threads along.
    with _python(
        "import sys; from store.template import copy; copy(sys.argv[1])", source.version, stdout=subprocess.PIPE
    ) as copier:
        held = copied(cast("BinaryIO", copier.stdout))
    if copier.returncode:
        sys.exit(f"noticegraph: {source.version} cannot be copied to memory")
    return held


def _work(channel: socket.socket, held: Writes | None, source: Source) -> None:
    """What a forked process does, to its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # What an engine says when it dies.
        disk = open_version(Path(source.version)) if source.version else None
        confine(source.memory)
        if not source.server:
            take_sockets()
        answering.serve(channel, held or cast("Writes", disk), disk)
    except (StoreError, OSError) as error:
        channel.sendall(answering.framed(answering.FAULT, str(error).encode()))
    finally:
        os._exit(0)  # Nothing of the template's is to be finished here.


def _told(control: socket.socket) -> tuple[bytes, list[int]]:
    try:
        return socket.recv_fds(control, answering.HEAD.size, 1)[:2]
    except ConnectionResetError:  # It closed before it had read all that we said.
        return b"", []


def _reap(workers: set[int]) -> None:
    """Forgets workers that have ended, so that no number is killed that is another's by now."""
    while workers:
        worker, _ = os.waitpid(-1, os.WNOHANG)
        if not worker:
            return
        workers.discard(worker)


def _python(
    code: str, *arguments: str, stdin: int | None = None, stdout: int | None = None
) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-P", "-c", code, *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, env=environment)  # noqa: S603 - our own code
