"""Runs the server for `noticegraph serve`."""

import errno
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn

from api.app import create_app
from api.operations import ADDRESSES
from api.settings import from_environment
from store.base import Store

_DRAIN_SECONDS = 5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(store: Store, host: str, port: int, files: Sequence[Path] = ()) -> int:
    """Serves a store until SIGTERM or SIGINT.

    Args:
        store: What is served.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        files: The RDF files that were read into the store, where it is no store of versions.

    Returns:
        0 after a signal, 1 where the address cannot be had.

    Raises:
        ValueError: The settings make no sense.
    """
    settings = from_environment()
    if settings.hosts == "*" and host in _LOOPBACK:
        settings = replace(settings, hosts=",".join(_LOOPBACK))
    app = create_app(settings, store, files, sys.stderr)
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        sys.stderr.write(f"noticegraph: {host}:{port} {reason}; choose another with --port\n")
        return 1
    _announce(listener)
    for stop in (signal.SIGTERM, signal.SIGINT):
        # Uvicorn stops in good order, then raises the signal again for whoever handled it before: nobody.
        signal.signal(stop, lambda *_: None)
    logging.basicConfig(format="%(name)s: %(message)s")
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        server_header=False,
        forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", ""),
    )
    gc.collect()
    gc.freeze()  # What is here now stays; to search it for garbage takes longer than most answers.
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _announce(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    root = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"{root}/", *(f"{root}{path}" for path in ADDRESSES)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
