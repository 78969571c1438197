"""Content negotiation by profile (https://www.w3.org/TR/dx-prof-conneg/): how much a document says of a thing."""

from typing import get_args

from fastapi import Request

from api.errors import Problem
from api.negotiate import LONGEST, qualities
from queries.description import Profile

VARY = {"Vary": "Accept, Accept-Profile"}
_IRI = "urn:noticegraph:profile:"
_PROFILES: tuple[Profile, ...] = get_args(Profile)
PARAMETERS = {
    "parameters": [
        {
            "name": "_profile",
            "in": "query",
            "description": "How much: all, no statements of other things or parts, labels alone; before Accept-Profile",
            "schema": {"type": "string", "enum": _PROFILES, "default": "full"},
        }
    ]
}


def profile(request: Request) -> Profile:
    """Returns the profile that `_profile` names, else the one that Accept-Profile likes best, else `full`.

    Raises:
        Problem: 422, `_profile` names none of ours, or is given twice.
    """
    named = request.query_params.getlist("_profile")
    if not named:
        liked = qualities(request.headers.get("accept-profile", "")[:LONGEST])
        return max(_PROFILES, key=lambda known: liked.get(f"<{_IRI}{known}>", 0.0))  # of equals the first
    found = next((known for known in _PROFILES if named == [known]), None)
    if found is None:
        raise Problem(422, "invalid-parameter", f"_profile is one of {', '.join(_PROFILES)}", available=_PROFILES)
    return found


def suffix(chosen: Profile) -> str:
    """Returns the query string that names a profile; none for `full`."""
    return "" if chosen == "full" else f"?_profile={chosen}"


def link(chosen: Profile) -> str:
    """Returns the link that tells the profile of an answer (RFC 6906)."""
    return f'<{_IRI}{chosen}>; rel="profile"'
