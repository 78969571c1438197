"""Runs tasks in processes that may die: each under a limit of time and memory, replaced when it is gone.

The standard library's pools break when a process dies; pebble can lose sight of a task whose process dies at once. Here
a process is fed several tasks ahead, so that it never waits, and answers for each, so that the one to blame is known.
"""

import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from os import sched_getaffinity
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
Begin = Callable[[], None]
_AHEAD = 16
_FALSE_STARTS = 3
# A fresh process for each would read the code anew; one forked from here would take an open store and threads along.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["ingest.reading", "ingest.warm"])


@dataclass(frozen=True, slots=True)
class Limits:
    """What each process may use.

    Attributes:
        seconds: For one part of a task.
        memory: Bytes of address space.
        processes: How many work at once; 0 for as many as there are cores.
    """

    seconds: float = 60.0
    memory: int = 1 << 30
    processes: int = 0

    @property
    def count(self) -> int:
        """How many processes work at once."""
        return self.processes or len(sched_getaffinity(0))


class Death(NamedTuple):
    """Of what a process died in a task: `resource-limit` or `crashed`, and a sentence for people."""

    code: str
    reason: str


class Pool(Generic[T]):
    """A few processes that all do the same with their tasks; a context manager, at whose end they are gone."""

    def __init__(self, work: Callable[[T, Begin], None], limits: Limits) -> None:
        """Prepares; processes start when there is something to do.

        Args:
            work: What to do with a task; it can be pickled. It calls what it is given where a part of the task begins,
                for which the time counts anew. What it raises ends its process.
            limits: What each process may use.
        """
        self._work = work
        self._limits = limits
        self._workers: dict[Connection, _Worker[T]] = {}
        self._waiting: deque[T] = deque()
        self._false_starts = 0

    def __enter__(self) -> "Pool[T]":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kills what still works."""
        for worker in self._workers.values():
            worker.end()

    def again(self, task: T) -> None:
        """Puts a task that `run` just yielded before all that wait."""
        self._waiting.appendleft(task)

    def run(self, tasks: Iterable[T]) -> Iterator[tuple[T, Death | None]]:
        """Yields each task when it is done, or with the death of its process; in no order.

        A few tasks are taken ahead, not all.

        Raises:
            RuntimeError: No process can be started.
        """
        coming = iter(tasks)
        while self._feed(coming):
            for pipe in wait([pipe for pipe, worker in self._workers.items() if worker.tasks]):
                worker = self._workers[pipe]  # type: ignore[index]  # only such were given
                try:
                    worker.pipe.recv()
                except (EOFError, ConnectionResetError):
                    yield from self._died(worker)
                else:
                    if worker.started:
                        yield worker.tasks.popleft(), None
                    worker.started, self._false_starts = True, 0

    def _feed(self, coming: Iterator[T]) -> bool:
        """Gives tasks to those that have few; tells whether anything is to be done."""
        for worker in (*self._workers.values(), *[None] * (self._limits.count - len(self._workers))):
            if worker is not None and len(worker.tasks) >= _AHEAD:
                continue
            self._waiting.extend(islice(coming, max(0, _AHEAD - len(self._waiting))))
            if not self._waiting:
                break
            given = worker or _Worker[T](self._work, self._limits)
            self._workers[given.pipe] = given
            given.give([self._waiting.popleft() for _ in range(min(_AHEAD, len(self._waiting)))])
        return any(worker.tasks for worker in self._workers.values())

    def _died(self, worker: "_Worker[T]") -> Iterator[tuple[T, Death]]:
        """Ends a process that is gone; yields the task of which it died, if it had begun one."""
        del self._workers[worker.pipe]
        exit_code = worker.end()
        told = f"exit code {exit_code}" if exit_code >= 0 else signal.Signals(-exit_code).name
        if worker.started:
            blamed = worker.tasks.popleft()
            self._waiting.extendleft(reversed(worker.tasks))
            if exit_code == -signal.SIGALRM:
                yield blamed, Death("resource-limit", f"it took over {self._limits.seconds:g} seconds")
            else:
                yield blamed, Death("crashed", f"the process that read it died: {told}")
            return
        self._false_starts += 1
        if self._false_starts == _FALSE_STARTS:
            raise RuntimeError(f"the processes that read files do not start: {told}")
        self._waiting.extendleft(reversed(worker.tasks))


class _Worker(Generic[T]):
    """One process as seen from outside: its pipe, what it has to do, and whether it has said that it works."""

    def __init__(self, work: Callable[[T, Begin], None], limits: Limits) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, work, limits), daemon=True)
        self._process.start()
        theirs.close()
        self.tasks: deque[T] = deque()
        self.started = False

    def give(self, tasks: list[T]) -> None:
        """Hands over tasks; those few fit into the pipe's buffer, so this does not wait."""
        self.tasks.extend(tasks)
        with suppress(BrokenPipeError):  # it is found dead where it is listened to
            self.pipe.send(tasks)

    def end(self) -> int:
        """Kills it where it lives and returns its exit code, negative for a signal."""
        self._process.kill()
        self._process.join()
        self.pipe.close()
        exit_code = self._process.exitcode or 0
        self._process.close()
        return exit_code


def _serve(pipe: Connection, work: Callable[[T, Begin], None], limits: Limits) -> None:
    """Works until nobody gives tasks any more; the main function of a process, which SIGALRM ends in time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides.
    for limit, value in ((resource.RLIMIT_AS, limits.memory), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (value, value))

    def begin(seconds: float = limits.seconds) -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)

    with suppress(EOFError, BrokenPipeError):
        pipe.send(None)
        while True:
            for task in pipe.recv():
                begin()
                work(task, begin)
                begin(0)
                pipe.send(None)
