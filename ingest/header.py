"""What identifies a notice: title, document number, addressees, issuing agencies, date (GB/T 9704-2012, section 7)."""

import re
from dataclasses import dataclass, replace
from datetime import date

from ingest.agencies import complete, described, split_name
from ingest.bodies import Bodies
from ingest.dates import find_dates
from ingest.gazetteer import is_full_name
from ingest.layout import Layout
from ingest.model import AgencyMention, Header, Span
from ingest.structure import Outline
from ingest.title import (
    ABOUT,
    INSTITUTION_END,
    NAME_END,
    SENTENCE,
    bare,
    decreed,
    genre_endings,
    genre_of,
    is_name,
    pattern,
    title_lines,
)

_TOLD = re.compile("[，。]")
_BRACKET_PAIRS = str.maketrans("[【﹝（(]】﹞）)", "〔〔〔〔〔〕〕〕〕〕")
_IMPRINT = re.compile(r"^(.*?)(?:办公室|办公厅|综合处|秘书处)?[^\u4e00-\u9fff]*(\d{4}年\d{1,2}月\d{1,2}日)印发。?$")
_MAX_ADDRESSEES = 400


@dataclass(frozen=True, slots=True)
class _Front:
    """The printed front: where the title, the number and the addressees stand; None where one is missing."""

    title: tuple[Span, ...]
    number: Span | None
    addressees: Span | None


def read_header(text: str, layout: Layout, parts: Outline) -> Header:
    """Reads the header from the folded `text`; the words returned are those of the layout's own text."""
    front = _front(text, parts.front)
    printed = layout.text
    title = "".join(printed[s.start : s.end] for s in front.title) or None
    news = front.addressees is None and _is_news(text, layout, parts, front)
    if news:
        title = _headline(text, layout, parts)
    signed = _outer(text, parts)
    issuers = _issuers(text, layout, signed, front, news=news)
    return Header(
        title=title,
        document_number=_number(text, front.number),
        genre="news-report" if news else genre_of(title),
        issuers=issuers,
        addressees=tuple(printed[s.start : s.end] for s in _groups(text, front.addressees)),
        addressed_to=_addressed_to(text, front.addressees, issuers),
        issue_date=_issue_date(text, signed, news=news),
    )


def _outer(text: str, parts: Outline) -> Outline:
    """Returns the parts that sign the notice: of a letter that is dated before what it encloses, the letter alone."""
    dated = [i for i, s in enumerate(parts.front) if i > 1 and _whole_date(text[s.start : s.end])]
    if not dated or not re.search("印发|转发|批转", "".join(text[s.start : s.end] for s in parts.front[: dated[0]])):
        return parts
    first = end = dated[0]
    while first > 1 and _names_somebody(text[parts.front[first - 1].start : parts.front[first - 1].end]):
        first -= 1
    imprint = (s for s in parts.back if _IMPRINT.match(text[s.start : s.end]))
    return replace(parts, back=(*parts.front[first : end + 1], *imprint))


def _names_somebody(words: str) -> bool:
    return bool(NAME_END.search(words) or INSTITUTION_END.search(words)) and not SENTENCE.search(words)


def _whole_date(words: str) -> date | None:
    found = find_dates(words)
    return found[0].value if found and found[0].span == Span(0, len(words)) else None


def _front(text: str, paragraphs: tuple[Span, ...]) -> _Front:
    lines, number, addressees = [], None, None
    for paragraph in paragraphs:
        words = text[paragraph.start : paragraph.end]
        found = pattern("number").search(words)
        if (
            found
            and number is None
            and not SENTENCE.search(words[: found.end()])
            and "《" not in words[: found.start()]
        ):
            number, addressees, before = _cut_number(text, paragraph, found)
            lines += [before] if before.end > before.start else []
            if addressees is not None:
                break
        elif pattern("number-bare").fullmatch(words) and number is None:
            number = paragraph
        elif found_addressees := _addressees(text, paragraph):
            addressees = found_addressees
            break
        elif SENTENCE.search(words) and lines:
            break
        else:
            lines.append(bare(text, paragraph))
    title = title_lines(text, lines, before=number) or decreed(text, paragraphs) or _enclosed(text, paragraphs)
    return _Front(title, number, addressees)


def _enclosed(text: str, paragraphs: tuple[Span, ...]) -> tuple[Span, ...]:
    """Returns the title of what a letter without a title encloses, below the letter's date."""
    dated = [i for i, s in enumerate(paragraphs) if _whole_date(text[s.start : s.end])]
    below = paragraphs[dated[-1] + 1 :] if dated else ()
    return title_lines(text, [s for s in below if not SENTENCE.search(text, s.start, s.end)], before=None)


def _cut_number(text: str, paragraph: Span, found: re.Match[str]) -> tuple[Span, Span | None, Span]:
    """Parts a line that runs title, number and addressees together; the number begins behind the title's last word."""
    start = paragraph.start + found.start()
    letters = found[0][: re.search(r"[〔\[【﹝（(]", found[0]).start()]  # type: ignore[union-attr]  # the pattern holds one
    named = letters[:-1]  # 临州市监通告〔2024〕1号 ends with such a word itself
    ending = max((named.rfind(e) + len(e) for e in genre_endings() if len(e) > 1 and e in named), default=0)
    if not pattern("title-words").search(text, paragraph.start, start + ending):
        ending = 0  # 宁市监公告〔2025〕8号 counts the announcements of an agency
    label = pattern("number-label").match(text[paragraph.start : paragraph.end])
    ending = max(ending, (label.end() - found.start()) if label else 0)
    number = Span(start + ending, paragraph.start + found.end())
    addressees = _addressees(text, Span(number.end, paragraph.end))
    before = number.start - (text[number.start - 1] in "（(")
    return number, addressees, Span(paragraph.start, paragraph.start if label else before)


def _addressees(text: str, span: Span) -> Span | None:
    """Returns the salutation that a stretch begins with, its colon included; None where it begins with none."""
    words = text[span.start : text.find("：", span.start, span.end) + 1]
    is_salutation = (
        len(words) <= _MAX_ADDRESSEES
        and pattern("addressee").search(words)
        and not pattern("no-addressee").search(words)
        and not pattern("field").match(words)
        and "。" not in words
    )
    return Span(span.start, span.start + len(words)) if is_salutation else None


def _number(text: str, span: Span | None) -> str | None:
    if span is None:
        return None
    printed = re.sub(r"\s", "", text[span.start : span.end])
    return (printed[1:-1] if printed[0] in "（(" else printed).translate(_BRACKET_PAIRS)


def _is_news(text: str, layout: Layout, parts: Outline, front: _Front) -> bool:
    """A report or a reading of a policy tells of the notice: it has no number, and no agency signs or heads it."""
    signed = _signature(text, layout, parts.back)
    if front.number or (signed and front.title) or _before_about(text, layout, front.title):
        return False
    if pattern("headline").search(_headline(text, layout, parts) or ""):
        return True
    if signed:
        return False
    body = [text[s.start : s.end] for s in (*parts.front, *parts.back)]
    body = [line for line in body if not pattern("field").match(line)]
    return any(pattern("news").search(line) for line in body[:6] + body[-3:])


def _headline(text: str, layout: Layout, parts: Outline) -> str | None:
    """Returns the line above a news lead; None where the report is given without its headline."""
    for s in parts.front:
        words = text[s.start : s.end]
        if SENTENCE.search(words):
            return None
        if not pattern("field").match(words) and not words.endswith("：") and not find_dates(words):
            return layout.text[s.start : s.end]
    return None


def _groups(text: str, span: Span | None) -> list[Span]:
    if span is None:
        return []
    spans, start, depth = [], span.start, 0
    for i in range(span.start, span.end):
        depth += {"（": 1, "）": -1}.get(text[i], 0)
        if text[i] in "，；：" and depth == 0:
            spans.append(Span(start, i))
            start = i + 1
    return [s for s in [*spans, Span(start, span.end)] if s.end > s.start]


def _addressed_to(text: str, span: Span | None, issuers: tuple[AgencyMention, ...]) -> tuple[AgencyMention, ...]:
    bodies = Bodies(tuple(mention.agency for mention in issuers), text)
    found = [m for s in _groups(text, span) for m in bodies.read(text[s.start : s.end], s.start) or ()]
    return tuple(m for m in found if m.agency.level or m.agency.parent)


def _issue_date(text: str, parts: Outline, *, news: bool) -> date | None:
    """The date of the signature, else of the imprint, else of a dated field, else of the news lead."""
    back = list(parts.back)
    for s in back:
        for found in find_dates(text[s.start : s.end]):
            before, behind = text[s.start : s.start + found.span.start], text[s.start + found.span.end : s.end]
            if found.value and not behind and (not before or _names_somebody(before)):
                return found.value
    for s in reversed(back):
        match = _IMPRINT.match(text[s.start : s.end])
        if match:
            return find_dates(match[2])[0].value
    for s in parts.front:
        words = text[s.start : s.end]
        if pattern("date-label").match(words) and (found_dates := find_dates(words)):
            return found_dates[0].value
    return _lead_date(text, parts) if news else _date_below_title(text, parts)


def _date_below_title(text: str, parts: Outline) -> date | None:
    dates = (_whole_date(text[s.start : s.end].strip("（）")) for s in parts.front)
    return next(filter(None, dates), None)


def _lead_date(text: str, parts: Outline) -> date | None:
    """A news lead often leaves the year to the reader: it is that of the nearest full date in the text."""
    for s in parts.front:
        if not _TOLD.search(text, s.start, s.end):
            continue
        for found in find_dates(text[s.start : s.end]):
            span = found.span.shifted(s.start)
            if found.value:
                return found.value
            years = [d for d in find_dates(text) if d.value]
            if found.month and found.day and years:
                nearest = min(years, key=lambda d: abs(d.span.start - span.start))
                return date(nearest.value.year, found.month, found.day)  # type: ignore[union-attr]  # only those with a value
    return None


def _issuers(text: str, layout: Layout, parts: Outline, front: _Front, *, news: bool) -> tuple[AgencyMention, ...]:
    """The signature, else the agencies before 关于 in the title, else the imprint, else the news lead's subject."""
    evidence = "\n".join(text[s.start : s.end] for s in (*parts.back, *parts.front)) + text
    named = _signature(text, layout, parts.back) or _before_about(text, layout, front.title)
    if not named and news:
        named = _news_subject(text, parts)
    if not named:
        named = _imprint(text, parts.back)
    if not named and parts.front and text[parts.front[0].end - 1] == "令":
        named = [Span(parts.front[0].start, parts.front[0].end - 1)]
    found: dict[str, AgencyMention] = {}
    for span in named:
        printed = text[span.start : span.end]
        name = complete(printed, evidence)
        where = _where(text, name, printed, span)
        found.setdefault(name, AgencyMention(described(name), where, None if printed == name else printed))
    return tuple(found.values())


def _where(text: str, name: str, printed: str, span: Span) -> Span:
    """A name completed from elsewhere is grounded where it is spelt out, if it is."""
    start = -1 if printed == name else text.find(name)
    return span if start < 0 else Span(start, start + len(name))


def _signature(text: str, layout: Layout, back: tuple[Span, ...]) -> list[Span]:
    found = []
    for s in back:
        for part in _names_in(text, layout, s):
            words = text[part.start : part.end]
            if is_name(words) and not SENTENCE.search(words) and "：" not in words:
                found.append(part)
            else:
                break
    return found


def _names_in(text: str, layout: Layout, span: Span) -> list[Span]:
    """Several names on one line are parted by blanks that the normalised text has lost."""
    cuts = [g for g in layout.gaps(span) if NAME_END.search(text[span.start : g])]
    return [Span(a, b) for a, b in zip([span.start, *cuts], [*cuts, span.end], strict=True)]


def _before_about(text: str, layout: Layout, title: tuple[Span, ...]) -> list[Span]:
    """The agencies that a title begins with: before 关于, or in front where it has no 关于."""
    found = []
    for s in title:
        about = ABOUT.search(text, s.start, s.end)
        end = about.start() if about else s.end
        for part in _names_in(text, layout, Span(s.start, end)):
            words = text[part.start : part.end]
            name = split_name(words)
            if is_name(words):
                found.append(part)
            elif name is not None and not found and is_full_name(name.place):
                found.append(Span(part.start, part.end - len(name.unit)))
        if about:
            break
    return found


def _imprint(text: str, back: tuple[Span, ...]) -> list[Span]:
    for s in back:
        match = _IMPRINT.match(text[s.start : s.end])
        if match and split_name(match[1]):
            return [Span(s.start, s.start + len(match[1]))]
    return []


def _news_subject(text: str, parts: Outline) -> list[Span]:
    """The agency that the lead says has acted, else the first regulator that the report names."""
    for kind in ("news-subject", "news-agency"):
        for s in parts.front:
            match = pattern(kind).search(text, s.start, s.end)
            name = split_name(match[1]) if match else None
            if match and name and name.place and not name.unit:
                return [Span(*match.span(1))]
    return []
