"""The language of labels: `zh` or `en`, by parameter or by Accept-Language (RFC 9110, section 12.5.4)."""

from functools import lru_cache
from typing import Literal

from fastapi import Request

Language = Literal["zh", "en"]
_LONGEST = 1024
VARY = {"Vary": "Accept, Accept-Language"}


def language(request: Request, chosen: Language | None) -> Language:
    """Returns the language that was chosen, else the one of the two that the client likes better, else Chinese."""
    return chosen or _liked(request.headers.get("accept-language", "")[:_LONGEST])


@lru_cache
def _liked(header: str) -> Language:
    liked = {"zh": 0.0, "en": 0.0}
    for part in header.split(","):
        tag, _, quality = part.strip().partition(";q=")
        primary = tag.partition("-")[0].lower()
        if primary in liked:
            liked[primary] = max(liked[primary], float(quality) if _is_quality(quality) else 1.0)
    return "en" if liked["en"] > liked["zh"] else "zh"


def _is_quality(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()
