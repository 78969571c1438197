"""Finds notices by what people know of them: a document number, or a title, however its brackets are written."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from queries.index import Index
from queries.lists import MAX_LIMIT, Asked, Item, listed

Name = Literal["documentNumber", "title"]
_NO_WORD = re.compile(r"[\W_]+")
_ORDINAL = re.compile(r"第(?=\s*\d)")


def resolved(index: Index, called: Mapping[Name, str], language: str) -> list[Item]:
    """Returns the notices that have these names, of the 500 that fit their words best; empty where there is none.

    Marks, brackets, blanks, width and case do not count, nor does 第 before a number: 吉市监注字[2020]第26号 finds
    吉市监注字〔2020〕26号.

    Args:
        index: Where they are looked for.
        called: What a person typed, by what it is.
        language: `zh` or `en`, of labels.
    """
    wanted = {name: _key(text) for name, text in called.items()}
    if not all(wanted.values()):
        return []
    words = _ORDINAL.sub("", " ".join(called.values()))
    asked = Asked(kinds=("Notice",), q=words, limit=MAX_LIMIT, language=language, buckets=0)
    return [
        item
        for item in listed(index, asked).items
        if all(key in map(_key, item.values.get(name, "").split("\n")) for name, key in wanted.items())
    ]


def _key(text: str) -> str:
    return _NO_WORD.sub("", _ORDINAL.sub("", unicodedata.normalize("NFKC", text))).casefold()
