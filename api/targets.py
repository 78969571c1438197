"""Which store a command reads or writes: a folder of versions, or a server."""

import argparse
from pathlib import Path

from api.settings import from_environment
from ingest.software import RELEASE
from ingest.validation import Validating
from ontology.iris import slug
from queries.index import make_index
from shapes.engine import DEFAULT, Engine
from store.base import Store, Target
from store.oxigraph import Embedded, open_store
from store.release import Releasing
from store.remote import Auth, Endpoint

DEFAULT_STORE = Path("var/store")


def add_target(verb: argparse.ArgumentParser) -> None:
    """Adds the options that name a store."""
    add_folder(verb)
    verb.add_argument("--endpoint", metavar="URL", help="a server's SPARQL queries, in place of a folder")
    verb.add_argument("--update-endpoint", default="", metavar="URL", help="its updates (the same address)")
    verb.add_argument("--graph-store", default="", metavar="URL", help="its Graph Store Protocol; writes graphs by it")
    secrets = "holds `basic USER:PASSWORD`, `digest USER:PASSWORD` or `bearer TOKEN`"
    verb.add_argument("--auth", type=_auth, metavar="FILE", help=secrets)


def add_folder(verb: argparse.ArgumentParser) -> None:
    """Adds the option that names the folder of a published store."""
    verb.add_argument("--store", type=Path, default=DEFAULT_STORE, help="folder of the published store (%(default)s)")


def target(options: argparse.Namespace) -> Target:
    """Returns where a command publishes."""
    if not options.endpoint:
        return folder(options.store, _engine(options))
    home = home_of(options)
    base = getattr(options, "base", None) or from_environment().base
    return Endpoint(options.endpoint, home, options.update_endpoint, options.graph_store, options.auth, base)


def folder(store: Path, engine: Engine = DEFAULT) -> Embedded:
    """Returns a folder of versions, each with its reports, dumps and index."""
    return Embedded(store, (Validating(engine), Releasing(RELEASE), make_index))


def home_of(options: argparse.Namespace) -> Path:
    """Returns the folder where a run keeps what it is not through with; for a server it is beside the default store."""
    store: Path = options.store
    return store if not options.endpoint else store.parent / "remote" / slug(options.endpoint)


def opened(options: argparse.Namespace) -> Store:
    """Returns the store that a command reads.

    Raises:
        StoreError: Nothing has been published there.
    """
    return target(options).published() if options.endpoint else open_store(options.store)


def _engine(options: argparse.Namespace) -> Engine:
    return Engine(options.engine, options.sample) if "engine" in options else DEFAULT


def _auth(file: str) -> Auth:
    try:
        return Auth.read(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{file}: {error}") from error
