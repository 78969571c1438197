"""The title of a notice: where it stands, and what genre its last word says (GB/T 9704-2012, 7.3.1)."""

import re
from functools import cache

from ingest.agencies import split_name
from ingest.dates import find_dates
from ingest.gazetteer import places_in
from ingest.model import Span
from ingest.tables import table

SENTENCE = re.compile("[。；！]")
_TRAILING_NOTE = r"(?:[（(][^（()）]{1,20}[）)]|\d{4}年版|[0-9.]+版)*"
ABOUT = re.compile("关于|印发|转发|批转")
_LEAD_IN = re.compile("(?:为|根据|按照|依据|遵照|经|现).*，")
"""What begins the text of a notice, whose last words (提出如下意见) may be those of a title."""
NAME_END = re.compile(r"(?:局|厅|委|委员会|办公室|政府|总局|海关|管委会|法院|检察院|银行|中心|总队)$")
_NATIONAL = re.compile("国家|中国|中共|中华|国务院")
INSTITUTION_END = re.compile(
    r"(?:领导小组|领导小组办公室|委员会办公室|联席会议办公室|院|所|中心|分行|支行|协会|学会|联合会|执法支队|执法总队)$"
)
_EDITION = re.compile(r"（(?:\d{4}[—–-]+\d{4}年|\d{4}年版?|试行|暂行|修订|第[^（）]{1,3}批)）")
_MADE_PUBLIC = re.compile("《([^《》]+)》[^。]*(?:公布|发布|施行)")
_MAX_TITLE_LINE = 60


@cache
def pattern(kind: str) -> re.Pattern[str]:
    """Returns what finds any words of a kind of `patterns/header.tsv`."""
    return re.compile("|".join(f"(?:{row['pattern']})" for row in table("header") if row["kind"] == kind))


@cache
def genre_endings() -> dict[str, str]:
    """Returns the genres by the words that titles end with (`patterns/genres.tsv`)."""
    return {ending: row["genre"] for row in table("genres") for ending in row["ending"].split("|")}


def genre_of(title: str | None) -> str:
    """Returns the id of the genre that the last word of a title says; `notice` where it says none."""
    match = _title_end().search(title or "")
    return genre_endings()[match[1]] if match else "notice"


def title_lines(text: str, lines: list[Span], before: Span | None) -> tuple[Span, ...]:
    """Returns the lines of the title: those that end at a genre word, and what they continue above.

    Args:
        text: The folded text.
        lines: Where lines that may be of the title stand in it, in order.
        before: Where the document number stands; None where there is none.

    Returns:
        Where they stand; nothing where no line ends like a title.
    """
    clean = [s for s in lines if not pattern("field").match(text[s.start : s.end])]
    ends = [
        i
        for i, s in enumerate(clean)
        if _title_end().search(text[s.start : s.end])
        and s.end - s.start <= _MAX_TITLE_LINE * 2
        and not _LEAD_IN.match(text, s.start, s.end)
    ]
    if not ends:
        return ()
    last = ends[0] if before is None else next((i for i in ends if clean[i].start >= before.start), ends[-1])
    first = last
    while first > 0:
        above = text[clean[first - 1].start : clean[first - 1].end]
        joined = "".join(text[s.start : s.end] for s in clean[first : last + 1])
        if not _continues_title(above, joined):
            break
        first -= 1
    if before is not None:
        first = max(first, next((i for i, s in enumerate(clean) if s.start > before.start and i <= last), first))
    behind = clean[last + 1 : last + 2]
    if behind and _EDITION.fullmatch(text, behind[0].start, behind[0].end):
        last += 1
    return tuple(clean[first : last + 1])


def bare(text: str, line: Span) -> Span:
    """Leaves out the marks around a whole title: a stop that a site sets before it, 《 and 》."""
    start, end = line
    while start < end and text[start] in ".·•":
        start += 1
    whole = text.startswith("《", start) and text.find("》", start, end) == end - 1
    return Span(start + whole, end - whole)


def decreed(text: str, paragraphs: tuple[Span, ...]) -> tuple[Span, ...]:
    """Returns the title of what a decree (令) makes public."""
    if not paragraphs or text[paragraphs[0].end - 1] != "令":
        return ()
    found = next((m for s in paragraphs if (m := _MADE_PUBLIC.search(text, s.start, s.end))), None)
    return (Span(*found.span(1)),) if found else ()


def is_name(words: str) -> bool:
    """Tells whether a line is an agency's name: an authority's, or that of an institution of a division."""
    if split_name(words):
        return NAME_END.search(words) is not None
    places = places_in(words)
    begins = _NATIONAL.match(words) or (places and words.startswith(places[0]))
    return bool(begins) and INSTITUTION_END.search(words) is not None


@cache
def _title_end() -> re.Pattern[str]:
    endings = "|".join(sorted(genre_endings(), key=len, reverse=True))
    return re.compile(rf"({endings})”?{_TRAILING_NOTE}$")


def _continues_title(above: str, joined: str) -> bool:
    if len(above) > _MAX_TITLE_LINE or SENTENCE.search(above) or above.endswith("：") or find_dates(above):
        return False
    if pattern("masthead").search(above) or joined.startswith(above) or above.startswith(joined):
        return False
    if is_name(above):
        return True
    if NAME_END.search(above):
        if not (places_in(above) or _NATIONAL.match(above)):
            return False  # the name of a site
        return bool(re.match("关于|印发|转发", joined)) or bool(
            NAME_END.search(joined[: joined.find("关于")] if "关于" in joined else "")
        )
    return not ABOUT.match(joined) or ABOUT.search(above) is not None
