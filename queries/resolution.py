"""Finds notices by what people know of them: a document number, or a title, however its brackets are written."""

import re
import unicodedata
from typing import Literal

from queries.index import Index
from queries.lists import MAX_LIMIT, Asked, Item, listed

Name = Literal["documentNumber", "title"]
_NO_WORD = re.compile(r"[\W_]+")
_ORDINAL = re.compile(r"第(?=\s*\d)")


def resolved(index: Index, name: Name, text: str, language: str) -> list[Item]:
    """Returns the notices that are called `text`, of the 500 that fit its words best; empty where there is none.

    Marks, brackets, blanks, width and case do not count, nor does 第 before a number: 吉市监注字[2020]第26号 finds
    吉市监注字〔2020〕26号.

    Args:
        index: Where they are looked for.
        name: What `text` is.
        text: What a person typed.
        language: `zh` or `en`, of labels.
    """
    wanted = _key(text)
    if not wanted:
        return []
    asked = Asked(kinds=("Notice",), q=_ORDINAL.sub("", text), limit=MAX_LIMIT, language=language, buckets=0)
    return [item for item in listed(index, asked).items if wanted in map(_key, item.values.get(name, "").split("\n"))]


def _key(text: str) -> str:
    return _NO_WORD.sub("", _ORDINAL.sub("", unicodedata.normalize("NFKC", text))).casefold()
