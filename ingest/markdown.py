"""Markdown, as some crawlers give it: rendered to HTML (CommonMark with tables), which is read like a page."""

import re

from markdown_it import MarkdownIt

_TABLE = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?\s*)?$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
_LINK = re.compile(r"\]\(https?://")
_HEADINGS = 2


def is_markdown(text: str) -> bool:
    """Tells whether a text has a table, a link or several headings as Markdown writes them."""
    return bool(_TABLE.search(text) or _LINK.search(text) or len(_HEADING.findall(text)) >= _HEADINGS)


def to_html(text: str) -> str:
    """Renders Markdown to HTML; line ends inside a paragraph stay line ends, and images are left out."""
    reader = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable("table").disable("image")
    return str(reader.render(text))
