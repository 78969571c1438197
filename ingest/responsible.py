"""Who answers for a measure: responsibility brackets, lines of their own, and 由…负责 in running text."""

import re
from dataclasses import dataclass

from ingest.agencies import split_name, words
from ingest.bodies import Bodies
from ingest.model import AgencyMention, Span
from ingest.structure import is_label

_BRACKET = re.compile(r"[（【\[]([^（）【】\[\]]*(?:（[^（）]*）[^（）【】\[\]]*)*)[）】\]]")
_CLOSING = re.compile(r"[。；，]?$")
_INLINE = re.compile(r"(?<=[。；])[^。；，：]{2,6}(?:单位|部门|处室|科室)：[^。]*。?$")
_SUBJECT = re.compile(
    r"由([^，。；：]{2,80}?)(?:共同|分别|具体|统一)?(?:牵头|负责)(?!解释|人|制)"
    r"|(?:^|(?<=[，。；：]))([^，。；：由]{2,60}?)(?:共同|分别|具体|统一)?(?:牵头|负责)(?=[，。；]|组织|实施|做好|落实|统筹|制定|具体|推进|协调|开展)"
)


@dataclass(frozen=True, slots=True)
class Responsibility:
    """The responsible bodies of an item, and the stretches that name them and are no part of its text."""

    agencies: tuple[AgencyMention, ...] = ()
    left_out: tuple[Span, ...] = ()


def find_responsible(text: str, spans: tuple[Span, ...], bodies: Bodies) -> Responsibility:
    """Finds the bodies responsible for the item whose paragraphs are `spans` of the folded `text`.

    Brackets and lines of their own count together; running text counts where neither stands (annotation guide).
    """
    agencies: dict[object, AgencyMention] = {}
    left_out = []
    for span in spans:
        for outer, inner in _candidates(text, span):
            phrase = text[inner.start : inner.end]
            labelled = bool(words("label").match(phrase)) or is_label(phrase)
            found = bodies.read(phrase, inner.start, labelled=labelled)
            if found and (labelled or outer.end >= span.end):
                left_out.append(outer)
                for mention in found:
                    agencies.setdefault(mention.agency, mention)
    if not left_out:
        for span in spans:
            for mention in _subjects(text, span, bodies):
                agencies.setdefault(mention.agency, mention)
    return Responsibility(tuple(agencies.values()), tuple(left_out))


def _candidates(text: str, span: Span) -> list[tuple[Span, Span]]:
    """Returns (stretch to leave out, phrase to read) pairs of one paragraph."""
    if is_label(text[span.start : span.end]):
        inner = Span(span.start, span.end - (text[span.end - 1] in "。；】]）"))
        opened = text[span.start] in "（【["
        return [(span, Span(inner.start + opened, inner.end))]
    found = []
    for match in _BRACKET.finditer(text, span.start, span.end):
        end = match.end()
        after = _CLOSING.match(text, end, span.end)
        ended = text[match.start() - 1] in "。；！" if match.start() > span.start else False
        outer = Span(match.start(), span.end if after and ended else end)
        found.append((Span(outer.start, span.end) if after and not after[0] else outer, Span(*match.span(1))))
    if inline := _INLINE.search(text, span.start, span.end):
        found.append((Span(inline.start(), span.end), Span(inline.start(), inline.end() - inline[0].endswith("。"))))
    return found


def _subjects(text: str, span: Span, bodies: Bodies) -> list[AgencyMention]:
    found: list[AgencyMention] = []
    for match in _SUBJECT.finditer(text, span.start, span.end):
        group = 1 if match[1] else 2
        read = bodies.read(match[group], match.start(group))
        named = split_name(match[group]) or words("unit").search(match[group])
        if read and (group == 1 or named):
            found += read
    return found
