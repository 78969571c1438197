"""Runs tasks in processes that may die: each under a limit of time and memory, replaced when it is gone.

The standard library's pools break when a process dies, and pools with time limits set them for a whole batch. Here a
process is fed several tasks ahead, so that it never waits, and answers for each, so that the one to blame is known.
"""

import resource
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from os import sched_getaffinity
from typing import Generic, TypeVar

T = TypeVar("T")
Tell = Callable[[str], None]
_AHEAD = 16
_FALSE_STARTS = 3
_READY, _PART, _DONE = "ready", "part", "done"
# A fresh process for each would read the code anew; one forked from here would take an open store and threads along.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["ingest.reading"])


@dataclass(frozen=True, slots=True)
class Limits:
    """What each process may use.

    Attributes:
        seconds: Between two signs of life of it.
        memory: Bytes of address space.
        processes: How many work at once; 0 for as many as there are cores.
    """

    seconds: float = 60.0
    memory: int = 1 << 30
    processes: int = 0


@dataclass(frozen=True, slots=True)
class Death:
    """A process died of a task.

    Attributes:
        code: `resource-limit` or `crashed`.
        reason: A sentence for people.
        part: The part of the task that it told last; empty where it told none.
    """

    code: str
    reason: str
    part: str


class Pool(Generic[T]):
    """A few processes that all do the same with their tasks; a context manager, at whose end they are gone."""

    def __init__(self, work: Callable[[T, Tell], None], limits: Limits) -> None:
        """Prepares; processes start when there is something to do.

        Args:
            work: What to do with a task; it can be pickled. It may tell which part of the task it is working on. What
                it raises ends its process.
            limits: What each process may use.
        """
        self._work = work
        self._limits = limits
        self._size = limits.processes or len(sched_getaffinity(0))
        self._workers: list[_Worker[T]] = []
        self._again: deque[T] = deque()
        self._false_starts = 0

    def __enter__(self) -> "Pool[T]":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kills what still works."""
        for worker in self._workers:
            worker.end()

    def again(self, task: T) -> None:
        """Puts a task that `run` just yielded before all that wait."""
        self._again.append(task)

    def run(self, tasks: Iterable[T]) -> Iterator[tuple[T, Death | None]]:
        """Yields each task when it is done, or with the death of its process; in no order.

        A few tasks are taken ahead, not all.

        Raises:
            RuntimeError: No process can be started.
        """
        waiting = iter(tasks)
        while True:
            self._feed(waiting)
            busy = [worker for worker in self._workers if worker.tasks]
            if not busy:
                return
            patience = min(worker.since for worker in busy) + self._limits.seconds - time.monotonic()
            wait([worker.pipe for worker in busy], max(0.0, patience))
            for worker in busy:
                yield from self._heard(worker)

    def _feed(self, waiting: Iterator[T]) -> None:
        for place in range(self._size):
            if place < len(self._workers) and len(self._workers[place].tasks) >= _AHEAD:
                continue
            tasks = self._next(waiting)
            if not tasks:
                return
            if place == len(self._workers):
                self._workers.append(_Worker(self._work, self._limits.memory))
            self._workers[place].give(tasks)

    def _next(self, waiting: Iterator[T]) -> list[T]:
        tasks: list[T] = []
        while len(tasks) < _AHEAD and self._again:
            tasks.append(self._again.popleft())
        for task in waiting if len(tasks) < _AHEAD else ():
            tasks.append(task)
            if len(tasks) == _AHEAD:
                break
        return tasks

    def _heard(self, worker: "_Worker[T]") -> Iterator[tuple[T, Death | None]]:
        """Yields what a process has done, and what it died of, be it by our hand."""
        for message in worker.messages():
            if message == _DONE:
                self._false_starts = 0
                yield worker.tasks.popleft(), None
        overrun = worker.alive and time.monotonic() - worker.since > self._limits.seconds
        if worker.alive and not overrun:
            return
        self._workers.remove(worker)
        exit_code = worker.end()
        if not worker.started:
            self._false_starts += 1
            if self._false_starts == _FALSE_STARTS:
                raise RuntimeError(f"the processes that read files do not start: {_told(exit_code)}")
            self._again.extend(worker.tasks)
        elif worker.tasks:
            task, *others = worker.tasks
            self._again.extend(others)
            if overrun:
                yield task, Death("resource-limit", f"it took over {self._limits.seconds:g} seconds", worker.part)
            else:
                yield task, Death("crashed", f"the process that read it died: {_told(exit_code)}", worker.part)


class _Worker(Generic[T]):
    """One process as seen from outside: its pipe, what it has to do, and when it was last heard."""

    def __init__(self, work: Callable[[T, Tell], None], memory: int) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, work, memory), daemon=True)
        self._process.start()
        theirs.close()
        self.tasks: deque[T] = deque()
        self.alive = True
        self.started = False
        self.since = time.monotonic()
        self.part = ""

    def give(self, tasks: list[T]) -> None:
        """Hands over tasks; those few fit into the pipe's buffer, so this does not wait."""
        if not self.tasks:
            self.since = time.monotonic()
        self.tasks.extend(tasks)
        try:
            self.pipe.send(tasks)
        except BrokenPipeError:
            self.alive = False

    def messages(self) -> Iterator[str]:
        """Yields what it has said since; notes whether it is alive."""
        try:
            while self.alive and self.pipe.poll():
                kind, part = self.pipe.recv()
                self.since, self.started, self.part = time.monotonic(), True, part
                yield kind
        except (EOFError, ConnectionResetError):
            self.alive = False

    def end(self) -> int | None:
        """Kills it where it lives and returns its exit code, negative for a signal."""
        self._process.kill()
        self._process.join()
        self.pipe.close()
        exit_code = self._process.exitcode
        self._process.close()
        return exit_code


def _told(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit code {exit_code}"


def _serve(pipe: Connection, work: Callable[[T, Tell], None], memory: int) -> None:
    """Works until nobody gives tasks any more; the main function of a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides.
    for limit, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (value, value))
    try:
        pipe.send((_READY, ""))
        while True:
            for task in pipe.recv():
                work(task, lambda part: pipe.send((_PART, part)))
                pipe.send((_DONE, ""))
    except (EOFError, BrokenPipeError):
        return
