"""What the server counts, for Prometheus (text format 0.0.4); each app has a registry of its own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from starlette.types import Scope

from store.base import Store, StoreError

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = {"GET", "HEAD", "POST", "OPTIONS", "QUERY"}


class Metrics:
    """Counts requests and measures them, by route: never by path, of which there is no end."""

    def __init__(self, store: Store, workers: Callable[[], dict[str, int]]) -> None:
        """Counts from nothing.

        Args:
            store: What is served.
            workers: Tells how many workers there are by what they do.
        """
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "noticegraph_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "noticegraph_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._running = Gauge(
            "noticegraph_workers", "Processes that answer queries.", ["state"], registry=self._registry
        )
        self._up = Gauge("noticegraph_store_up", "Whether the store can be read.", registry=self._registry)
        self._served = Info("noticegraph_store", "What is served.", registry=self._registry)
        self._store, self._workers = store, workers

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Counts a request that has been answered; `status` is 0 where the client went away before."""
        route = getattr(scope.get("route"), "path", "none")
        method = "HEAD" if "noticegraph.head" in scope else scope["method"]
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Returns all figures; those of workers and store are what they are now."""
        for state, count in self._workers().items():
            self._running.labels(state).set(count)
        try:
            version = self._store.snapshot().version
        except StoreError:
            self._up.set(0)
        else:
            self._up.set(1)
            self._served.info({"version": version.name if version else ""})
        return generate_latest(self._registry)
