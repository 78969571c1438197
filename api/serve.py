"""Runs the server for `noticegraph serve`."""

import errno
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from api.app import create_app
from api.operations import ADDRESSES
from api.settings import from_environment
from store.base import Store
from store.oxigraph import memory, open_store

_DRAIN_SECONDS = 5


def serve(directory: Path | None, host: str, port: int, dataset: Sequence[Path]) -> int:
    """Serves a published store, or RDF files as they are, until SIGTERM or SIGINT.

    Args:
        directory: The published store; None where `dataset` is given.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        dataset: RDF files to hold in memory instead of a store.

    Returns:
        0 after a signal, 1 where the address cannot be had.

    Raises:
        StoreError: Nothing has been published there, or a file is no RDF.
        ValueError: The settings make no sense, or there is neither a store nor a file.
    """
    if directory is None and not dataset:
        raise ValueError("give a store or data set files")
    store: Store = memory(dataset) if directory is None else open_store(directory)
    app = create_app(from_environment(), store)
    try:
        listener = _listener(host, port)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        sys.stderr.write(f"noticegraph: {host}:{port} {reason}; choose another with --port\n")
        return 1
    _announce(listener)
    for stop in (signal.SIGTERM, signal.SIGINT):
        # Uvicorn stops in good order, then raises the signal again for whoever handled it before: nobody.
        signal.signal(stop, lambda *_: None)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_DRAIN_SECONDS, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listener(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _announce(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    root = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"{root}/", *(f"{root}{path}" for path in ADDRESSES)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
