"""The language of labels: `zh` or `en`, by parameter or by Accept-Language (RFC 9110, section 12.5.4)."""

from functools import lru_cache
from typing import Literal

from fastapi import Request

from api.negotiate import LONGEST, header, qualities

Language = Literal["zh", "en"]
VARY = {"Vary": "Accept, Accept-Language"}


def language(request: Request, chosen: Language | None) -> Language:
    """Returns the language that was chosen, else the one of the two that the client likes better, else Chinese."""
    return chosen or _liked((header(request, b"accept-language") or "")[:LONGEST])


@lru_cache
def _liked(header: str) -> Language:
    liked = {"zh": 0.0, "en": 0.0}
    for tag, quality in qualities(header).items():
        primary = tag.partition("-")[0]
        liked[primary] = max(liked.get(primary, 0.0), quality)
    return "en" if liked["en"] > liked["zh"] else "zh"
