"""What is said in the same words again and again: Turtle with `$names`, and relative IRIs below the base."""

from functools import cache
from importlib.resources import files
from string import Template

import pyoxigraph


def filled(name: str, base: str, /, **values: object) -> list[str]:
    """Returns what a template says, as lines of N-Triples, in no order.

    Args:
        name: The file's name without `.ttl`.
        base: What relative IRIs are resolved against.
        values: What stands for the names; IRIs and literals that need no escape.

    Raises:
        KeyError: A name has no value.
        SyntaxError: A value makes it no Turtle.
    """
    turtle = _template(name).substitute(values, base=base)
    return [f"{quad} ." for quad in pyoxigraph.parse(turtle, pyoxigraph.RdfFormat.TURTLE, base_iri=base)]


@cache
def _template(name: str) -> Template:
    return Template(files("store").joinpath("templates", f"{name}.ttl").read_text(encoding="utf-8"))
