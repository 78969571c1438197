"""What each client has left: seconds of work, not numbers of requests, for one query may cost what a thousand do."""

import time
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from api.errors import Problem

_MINUTE = 60.0
_SAVED = 2
_FORGOTTEN = 10_000


class Account:
    """What a client has."""

    def __init__(self, left: float) -> None:
        """Begins with so many seconds."""
        self.left, self.since, self.running = left, time.monotonic(), 0

    def leave(self, seconds: float) -> None:
        """Charges for a query that was admitted and has ended."""
        self.running -= 1
        self.left -= seconds


class Clients:
    """The accounts of all clients: an address, of IPv6 the network of 64 bits."""

    def __init__(self, seconds: float, queries: int) -> None:
        """Opens the books.

        Args:
            seconds: What a client gets a minute; it can save up twice that.
            queries: How many queries of a client may run or wait at once.
        """
        self._seconds, self._queries = seconds, queries
        self._accounts: dict[str, Account] = {}

    def admitted(self, address: str | None) -> Account:
        """Admits a query of a client, whose account it must `leave`; `address` is None where it is not known.

        Raises:
            Problem: 429 where the client has nothing left, or too many queries at once.
        """
        account = self._account(address)
        if account.running >= self._queries:
            what = f"{self._queries} queries of yours run at once; wait for one to end"
            raise Problem(429, "too-many-queries", what, {"Retry-After": "1"})
        if account.left <= 0:
            wait = ceil(-account.left * _MINUTE / self._seconds) + 1
            what = f"your queries took more than {self._seconds:g} seconds a minute; go on in {wait} seconds"
            raise Problem(429, "budget-spent", what, {"Retry-After": str(wait)})
        account.running += 1
        return account

    def _account(self, address: str | None) -> Account:
        now, most = time.monotonic(), _SAVED * self._seconds
        if len(self._accounts) > _FORGOTTEN:
            self._accounts = {client: known for client, known in self._accounts.items() if known.running}
        client = _client(address)
        account = self._accounts.get(client) or self._accounts.setdefault(client, Account(most))
        account.left = min(most, account.left + (now - account.since) * self._seconds / _MINUTE)
        account.since = now
        return account


@lru_cache(_FORGOTTEN)
def _client(address: str | None) -> str:
    try:
        known = ip_address(address or "")
    except ValueError:
        return address or ""
    return str(ip_network(f"{known}/64", strict=False)) if isinstance(known, IPv6Address) else str(known)
