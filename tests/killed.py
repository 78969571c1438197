"""What the kill test runs in processes of their own: ingesting again and again until killed."""

import os
import random
import signal
import sys
import threading
from pathlib import Path

from ingest.pipeline import ingest
from ingest.reading import Reader
from ingest.workers import Limits
from store.oxigraph import Embedded
from tests import hostile

READER, LIMITS, KEPT = Reader(judge=hostile.conforms), Limits(processes=1), 2
_NOTICE = """湖州市市场监督管理局关于支持经营主体发展的第{k}号通知
各区县市场监管局：
现就有关事项通知如下：
一、降低收费。2025年12月31日前检验检测费用减半收取。
湖州市市场监督管理局
2025年1月6日
"""
_STEPS = {"os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree"}


def ingest_until_killed(folder: Path, store: Path, seed: int) -> None:
    """Adds a notice and ingests, over and over; dies at a random step of the file system, or a random while after it.

    A run takes ten steps. The while begins at a step, as nobody knows how long a busy machine takes to come to it.
    """
    choose = random.Random(seed)  # noqa: S311 - no secret
    number, seconds = choose.randrange(1, 20), choose.uniform(0.0, 0.5) if seed % 2 else 0.0
    _die_at_step(number, seconds, str(store))
    while True:
        add(folder)
        list(ingest([folder], store, READER, LIMITS, target=Embedded(store, keep=KEPT)))


def add(folder: Path) -> None:
    """Writes the next notice, whole."""
    k = len(list(folder.iterdir()))
    draft = folder.with_name(f"{k}.draft")
    draft.write_text(_NOTICE.format(k=k), encoding="utf-8")
    draft.rename(folder / f"{k}.txt")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at_step(number: int, seconds: float, below: str) -> None:
    left = number

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in _STEPS and any(below in str(argument) for argument in arguments):
            left -= 1
            if left == 0 and seconds:
                threading.Timer(seconds, _die).start()
            elif left == 0:
                _die()

    sys.addaudithook(watch)
