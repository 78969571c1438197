"""Who answers for a measure, who leads and who cooperates: brackets, lines and cells of their own, and running text.

The words that tell a role are data: `patterns/roles.tsv`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

from ingest.agencies import split_name, words
from ingest.bodies import Bodies
from ingest.model import Agency, AgencyMention, Span
from ingest.nesting import is_label
from ingest.tables import table

_BRACKET = re.compile(
    r"[（【\[〔]([^（）【】\[\]〔〕]*(?:(?:（[^（）]*）|〔[^〔〕]*〕)[^（）【】\[\]〔〕]*)*)[）】\]〕]"
)
_ROUND = str.maketrans("〔〕", "（）")
_BEYOND = re.compile("。.+", re.DOTALL)
"""A sentence behind the bodies, which says how to read them: 下同。以下均需各县区落实。"""
_ORNAMENT = re.compile(r"[—–*-]*[（【\[〔]?")
"""What stands before the label of a line of its own: ——责任处室：…, 【责任单位】…"""
_CLOSING = re.compile(r"[。；，]?$")
_LABEL_END = re.compile("(?:单位|部门|处室|科室|股室)：")
_INLINE = re.compile(
    r"(?<=[。；])[^。；，：（【\[〔]{2,6}(?:单位|部门|处室|科室|股室)：(?:[^。（）【】\[\]〔〕]|（[^（）]*）)*。?$"
)
_SUBJECT = re.compile(
    r"由([^，。；：]{2,80}?)(?:共同|分别|具体|统一)?(牵头|负责)(?!解释|人|制)"
    r"|(?:^|(?<=[，。；：]))([^，。；：由]{2,60}?)(?:共同|分别|具体|统一)?"
    r"(?:(牵头)(?!单位|部门|处室|人|的)|(负责)(?!人|制|任|同志|解释|的))"
)
_GROUP_END = re.compile("[，；。]")
_BODY_END = re.compile(
    r"(?:局|厅|委|办|处|科|室|股|所|院|部|会|中心|队|政府|行|部门|站|馆|署|组|社|校|司|团|厂|[省市区县])$"
)
_TASK = re.compile(r"(?<=[^，；：（])负责(?!人|单位|部门|处室|科室|落实|实施|推进)[^，；。：、的]+(?=[，；。]|$)")
_LEADS, _ANSWERS = "牵头", "负责"
_COOPERATES = re.compile("配合|协助|协办|协同|会同")


class Responsibility(NamedTuple):
    """The bodies of an item by role, and the stretches that name them and are no part of its text.

    Attributes:
        agencies: All who answer for it, in order.
        leads: Those of them that are named to lead.
        cooperating: Those that are named to cooperate; in running text they do not answer for it.
        left_out: The brackets and lines that name bodies.
    """

    agencies: tuple[AgencyMention, ...] = ()
    leads: tuple[AgencyMention, ...] = ()
    cooperating: tuple[AgencyMention, ...] = ()
    left_out: tuple[Span, ...] = ()


@dataclass(slots=True)
class _Roles:
    """The bodies met so far, each once in each role."""

    answering: dict[Agency, AgencyMention] = field(default_factory=dict)
    lead: dict[Agency, AgencyMention] = field(default_factory=dict)
    cooperating: dict[Agency, AgencyMention] = field(default_factory=dict)

    def add(self, mention: AgencyMention, role: str) -> None:
        self.answering.setdefault(mention.agency, mention)
        if role:
            (self.lead if role == "lead" else self.cooperating).setdefault(mention.agency, mention)


@cache
def _patterns(kind: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((row["role"], re.compile(row["pattern"])) for row in table("roles") if row["kind"] == kind)


def find_responsible(
    text: str, spans: tuple[Span, ...], bodies: Bodies, *, cells: tuple[tuple[Span, str], ...] = ()
) -> Responsibility:
    """Finds the bodies that answer for the item whose paragraphs are `spans` of the folded `text`, with their roles.

    Brackets, lines of their own and the `cells` of a table's row count together; running text counts where none
    of them stands (annotation guide). Who leads and who cooperates is taken from running text as well, who
    cooperates there without answering for the item.
    """
    roles = _Roles()
    left_out = []
    for cell, role in cells:
        _read(text, cell, bodies, roles, labelled=True, given=role)
    for span in spans:
        for outer, inner in _candidates(text, span):
            phrase = text[inner.start : inner.end]
            labelled = bool(words("label").match(phrase)) or is_label(phrase)
            if (labelled or outer.end >= span.end) and _read(text, inner, bodies, roles, labelled=labelled):
                left_out.append(outer)
    _read_running(text, spans, bodies, roles, bracketed=bool(left_out or cells))
    return Responsibility(
        tuple(roles.answering.values()),
        tuple(roles.lead.values()),
        tuple(roles.cooperating.values()),
        tuple(left_out),
    )


def _read_running(text: str, spans: tuple[Span, ...], bodies: Bodies, roles: _Roles, *, bracketed: bool) -> None:
    """Reads the roles that running text tells; beside a bracket it makes nobody answer for the item."""
    for mention, role in (found for span in spans for found in _subjects(text, span, bodies)):
        if not bracketed or mention.agency in roles.answering:
            roles.add(mention, role)
    for mention in (found for span in spans for found in _cooperating(text, span, bodies)):
        if mention.agency not in roles.answering:
            roles.cooperating.setdefault(mention.agency, mention)


def _read(text: str, inner: Span, bodies: Bodies, roles: _Roles, *, labelled: bool, given: str = "") -> bool:
    """Reads the bodies of a bracket, line or cell into `roles`, `given` by a heading; False where it names none."""
    printed = text[inner.start : inner.end]
    phrase = _without_role_words(printed)
    found = bodies.read(phrase, inner.start, labelled=labelled)
    if not found:
        return False
    labels = [(match.end(), role) for role, pattern in _patterns("label") for match in pattern.finditer(phrase)]
    named = [
        (mention, _role(printed, phrase, labels, mention.span.shifted(-inner.start)) or given) for mention in found
    ]
    held = _first_leads(text)
    if held.start <= inner.end and inner.start <= held.end and all(role != "lead" for _, role in named):
        named[0] = (named[0][0], named[0][1] or "lead")
    for mention, role in named:
        roles.add(mention, role)
    return True


def _without_role_words(phrase: str) -> str:
    """Puts commas for the words around names that are no part of a list of bodies, one for each character."""
    phrase = _BEYOND.sub(_commas, phrase.translate(_ROUND))
    for kind, mark in (("first", _LEADS), ("beside", "（")):
        for _, pattern in _patterns(kind) if mark in phrase else ():
            phrase = pattern.sub(_commas, phrase)
    phrase = re.sub(r"(?:^|(?<=[，；：]))由", "，", _TASK.sub(_commas, phrase))
    return re.sub("(?<=牵头|负责|配合|协助|主办|协办)、", "，", phrase)


def _commas(match: re.Match[str]) -> str:
    return "，" * len(match[0])


def _role(printed: str, phrase: str, labels: list[tuple[int, str]], at: Span) -> str:
    """Returns the role that the words around a name, or the last of the labels before it, give it; else nothing."""
    for role, pattern in _patterns("beside"):
        if pattern.match(printed, at.end):
            return role
    behind = _GROUP_END.split(phrase[at.end :], maxsplit=1)[0]
    for role, pattern in _patterns("after"):
        if pattern.search(behind):
            return role
    last = max([end for end, _ in labels if end <= at.start], default=0)
    return next((role for end, role in labels if end == last), "")


@lru_cache(maxsize=1)
def _first_leads(text: str) -> Span:
    """Returns where it holds that the first body of a list leads (列第一位者为牵头单位); an empty end where nowhere."""
    nowhere = Span(len(text) + 1, len(text) + 1)
    if _LEADS not in text:
        return nowhere
    for _, pattern in _patterns("first"):
        if match := pattern.search(text):
            opened = max(text.rfind(mark, 0, match.start()) for mark in "（【[〔")
            closed = max(text.rfind(mark, 0, match.start()) for mark in "）】]〕\n")
            if opened <= closed:
                return Span(0, len(text))
            return Span(match.start(), len(text) if match["after"] else match.end())
    return nowhere


def _candidates(text: str, span: Span) -> list[tuple[Span, Span]]:
    """Returns (stretch to leave out, phrase to read) pairs of one paragraph."""
    if is_label(text[span.start : span.end]):
        ornament = _ORNAMENT.match(text, span.start, span.end)
        start = ornament.end() if ornament else span.start
        return [(span, Span(start, span.end - (text[span.end - 1] in "。；】]）〕*")))]
    found = []
    for match in _BRACKET.finditer(text, span.start, span.end):
        end = match.end()
        after = _CLOSING.match(text, end, span.end)
        ended = text[match.start() - 1] in "。；！" if match.start() > span.start else False
        outer = Span(match.start(), span.end if after and ended else end)
        found.append((Span(outer.start, span.end) if after and not after[0] else outer, Span(*match.span(1))))
    if _LABEL_END.search(text, span.start, span.end) and (inline := _INLINE.search(text, span.start, span.end)):
        found.append((Span(inline.start(), span.end), Span(inline.start(), inline.end() - inline[0].endswith("。"))))
    return found


def _subjects(text: str, span: Span, bodies: Bodies) -> Iterator[tuple[AgencyMention, str]]:
    """Yields who 负责 or 牵头 in running text, and whether it leads."""
    said = text[span.start : span.end]
    if _LEADS not in said and _ANSWERS not in said:
        return
    for match in _SUBJECT.finditer(said):
        group = 1 if match[1] else 3
        read = bodies.read(match[group], span.start + match.start(group))
        named = (
            split_name(match[group])
            or words("unit").search(match[group])
            or (words("own-institution").match(match[group]) and words("institution").search(match[group]))
            or any(mention.agency.parent for mention in read or ())
        )
        role = "lead" if _LEADS in (match[2], match[4]) else ""
        if read and (group == 1 or named):
            yield from ((mention, role) for mention in read)


def _cooperating(text: str, span: Span, bodies: Bodies) -> Iterator[AgencyMention]:
    """Yields who 配合 in running text, and whom an actor acts together with (会同)."""
    if not _COOPERATES.search(text, span.start, span.end):
        return
    for kind in ("cooperating", "with"):
        for _, pattern in _patterns(kind):
            for match in pattern.finditer(text, span.start, span.end):
                phrase = match["bodies"]
                named = split_name(phrase) or words("unit").search(phrase) or words("institution").search(phrase)
                if named and _BODY_END.search(phrase):
                    yield from bodies.read(phrase, match.start("bodies")) or ()
