"""A real server on a free loopback port, for tests that speak HTTP."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from api.app import create_app
from api.settings import Settings
from store.base import Store


@contextmanager
def served(store: Store, settings: Settings | None = None, files: Sequence[Path] = ()) -> Iterator[httpx.Client]:
    """Serves a store, or files, and yields a client; redirects are not followed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(settings or Settings(), store, files)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
