"""A real server on a free loopback port, for tests that speak HTTP."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from api.app import create_app
from api.settings import Settings
from store.base import Store


@contextmanager
def served(store: Store, settings: Settings | None = None) -> Iterator[httpx.Client]:
    """Serves a store and yields a client of it; redirects are not followed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(settings or Settings(), store)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
