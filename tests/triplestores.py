"""Real SPARQL servers on free loopback ports, started for a test run and stopped by their process."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

OXIGRAPH = Path(sys.executable).with_name("oxigraph")


def free_port() -> int:
    """Returns a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def oxigraph(*options: str) -> Iterator[str]:
    """Runs the Oxigraph server in memory and yields its root URL; options are those of `oxigraph serve`."""
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    command = [str(OXIGRAPH), "serve", "--bind", f"127.0.0.1:{port}", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            await_answer(f"{root}/query?query=ASK%7B%7D", server)
            yield root
        finally:
            server.terminate()


def await_answer(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Waits until a server answers; raises AssertionError where its process ends before."""
    while True:
        assert server.poll() is None, f"{server.args} ended with {server.returncode}"
        try:
            with urlopen(url) as response:  # noqa: S310 - our own server
                response.read()
                return
        except URLError:
            time.sleep(0.05)


@contextmanager
def virtuoso(folder: Path) -> Iterator[str]:
    """Runs Virtuoso in an empty folder and yields its root URL; the user is dba with the password dba."""
    port, sql = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(
        f"[Database]\nDatabaseFile = {folder}/v.db\nErrorLogFile = {folder}/v.log\nLockFile = {folder}/v.lck\n"
        f"TransactionFile = {folder}/v.trx\nxa_persistent_file = {folder}/v.pxa\nErrorLogLevel = 7\n"
        f"[Parameters]\nServerPort = 127.0.0.1:{sql}\nDisableUnixSocket = 1\n"
        f"[HTTPServer]\nServerPort = 127.0.0.1:{port}\nServerRoot = {folder}\nServerThreads = 10\n"
        "[SPARQL]\nResultSetMaxRows = 1000000\n",
        encoding="ascii",
    )
    command = ["virtuoso-t", "-f", "-c", str(folder / "virtuoso.ini")]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            await_answer(f"http://127.0.0.1:{port}/sparql?query=ASK%7B%7D", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
