"""A notice cut into blocks and marks: where the reading found what, why, and which numbers it cannot explain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ingest.model import Agency, AgencyMention, Amount, Deadline, Measure, Notice, Provision, Span
from ingest.residue import residue
from ontology.load import concepts

KINDS = {
    "agency": ("机构", "agency"),
    "responsible": ("责任单位", "responsible"),
    "instrument": ("政策工具", "instrument"),
    "target": ("适用对象", "target"),
    "deadline": ("期限", "deadline"),
    "amount": ("数额", "amount"),
    "citation": ("引用文件", "citation"),
    "modality": ("效力用语", "force"),
    "condition": ("条件与除外", "condition"),
    "number": ("其他数字", "other number"),
    "unexplained": ("未解释的数字", "unexplained"),
}
"""What can be marked, with its name in Chinese and English, in the order of the legend."""

_SIGNS = {"exact": "=", "at-most": "≤", "at-least": "≥", "above": ">", "below": "<", "about": "≈"}
_TAKEN = frozenset({"deadline", "amount", "citation", "agency"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text and what the reading makes of it.

    Attributes:
        span: Where it stands in the text.
        kind: A key of `KINDS`.
        label: The concept or thing meant, for people.
        rule: What says so: a concept's scheme and id with the fields read, or the class of a number.
    """

    span: Span
    kind: str
    label: str
    rule: str


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the text in reading order: a measure with its responsibility bracket, or what stands between.

    Attributes:
        span: Where it stands in the text.
        position: The measure's place in the notice, from 1; None between measures.
        measure: The measure; None between measures.
        marks: What is marked in it, cut to it.
    """

    span: Span
    position: int | None
    measure: Measure | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of marked text: words alone (`mark` is None), or a mark around inner pieces."""

    span: Span
    mark: Mark | None = None
    inner: tuple["Node", ...] = ()


def nest(span: Span, marks: Sequence[Mark]) -> tuple[Node, ...]:
    """Cuts a stretch of text into nested pieces that cover it, each character once.

    A mark inside another nests in it; one that reaches beyond the end of another is split there.

    Args:
        span: The stretch; marks are cut to it.
        marks: In any order.
    """
    pending = sorted(_cut(marks, span), key=lambda mark: (mark.span.start, -mark.span.end))
    nodes, at = [], span.start
    while pending:
        first, others = pending[0], pending[1:]
        if at < first.span.start:
            nodes.append(Node(Span(at, first.span.start)))
        at = first.span.end
        nodes.append(Node(first.span, first, nest(first.span, others)))
        pending = sorted(_cut(others, Span(at, span.end)), key=lambda mark: (mark.span.start, -mark.span.end))
    if at < span.end:
        nodes.append(Node(Span(at, span.end)))
    return tuple(nodes)


def _cut(marks: Sequence[Mark], span: Span) -> Iterator[Mark]:
    for mark in marks:
        cut = Span(max(mark.span.start, span.start), min(mark.span.end, span.end))
        if cut.start < cut.end:
            yield mark if cut == mark.span else replace(mark, span=cut)


def blocks(notice: Notice) -> tuple[Block, ...]:
    """Returns the whole text of a notice as blocks in reading order, every character in one."""
    text = notice.text
    found = _marks(notice)
    measures = sorted(enumerate(notice.measures, 1), key=lambda measure: measure[1].span)
    starts = [text.rfind("\n", 0, measure.span.start) + 1 for _, measure in measures]
    result, at = [], 0
    for (position, measure), start, following in zip(measures, starts, [*starts, len(text)][1:], strict=True):
        begin = max(start, at)
        end = max(begin, min(_line_end(text, measure), max(following, measure.span.end)))
        if begin > at:
            result.append(Block(Span(at, begin), None, None, tuple(_cut(found, Span(at, begin)))))
        result.append(Block(Span(begin, end), position, measure, tuple(_cut(found, Span(begin, end)))))
        at = end
    if at < len(text):
        result.append(Block(Span(at, len(text)), None, None, tuple(_cut(found, Span(at, len(text))))))
    return tuple(result)


def _line_end(text: str, measure: Measure) -> int:
    """Where the measure's last line ends; a responsibility bracket may stand on a line of its own below it."""
    last = max(measure.span.end, *(mention.span.end for mention in measure.responsible), 0)
    end = text.find("\n", last)
    return len(text) if end < 0 else end


def _marks(notice: Notice) -> tuple[Mark, ...]:
    header, text = notice.header, notice.text
    found = [
        *(_agency(mention, "ng:issuedBy") for mention in header.issuers),
        *(_agency(mention, "ng:addressedTo") for mention in header.addressed_to),
        *(
            Mark(span, "deadline", "施行与有效期 · validity", "ng:effectiveFrom, ng:effectiveUntil")
            for span in notice.validity.spans
        ),
        *(Mark(citation.span, "citation", citation.title, "《》") for citation in notice.citations),
    ]
    for measure in notice.measures:
        found += _measure(measure, text)
    return tuple(dict.fromkeys(found))


def _measure(measure: Measure, text: str) -> Iterator[Mark]:
    for mention in dict.fromkeys((*measure.responsible, *measure.cooperating)):
        roles = [
            role
            for role, bodies in (
                ("ng:responsible", measure.responsible),
                ("ng:leadAgency", measure.leads),
                ("ng:cooperatingAgency", measure.cooperating),
            )
            if mention.agency in {body.agency for body in bodies}
        ]
        yield replace(_agency(mention, ", ".join(roles)), kind="responsible")
    for citation in measure.citations:
        yield Mark(citation.span, "citation", citation.title, "《》")
    for provision in measure.provisions:
        yield from _provision(provision)
    for claim in residue(measure, text):
        if claim.rule is None:
            yield Mark(claim.span, "unexplained", "没有规则认领 · no rule claims it", "unexplained")
        elif claim.rule not in _TAKEN:
            yield Mark(claim.span, "number", claim.rule, "patterns/residue.tsv")


def _provision(provision: Provision) -> Iterator[Mark]:
    for scheme, mentions in (("instrument", provision.instruments), ("target", provision.targets)):
        for mention in mentions:
            yield Mark(mention.span, scheme, _label(scheme, mention.concept), f"{scheme}:{mention.concept}")
    for deadline in provision.deadlines:
        yield Mark(deadline.span, "deadline", _label("deadline-type", deadline.type), _fields(deadline))
    for amount in provision.amounts:
        yield Mark(amount.span, "amount", _amount(amount), f"amount-bound:{amount.bound} amount-unit:{amount.unit}")
    modality = provision.modality
    if modality.force and modality.word:
        yield Mark(modality.word, "modality", _label("force", modality.force), f"force:{modality.force}")
    for name, spans in (("条件 · condition", modality.conditions), ("除外 · exclusion", modality.exclusions)):
        for span in spans:
            yield Mark(span, "condition", name, "patterns/modality.tsv")


def _agency(mention: AgencyMention, rule: str) -> Mark:
    return Mark(mention.span, "agency", _name(mention.agency), rule)


def _name(agency: Agency) -> str:
    return f"{_name(agency.parent)} {agency.name}" if agency.parent else agency.name


@cache
def _labels(scheme: str) -> dict[str, str]:
    return {c.id: f"{c.label_zh} · {c.label_en}" if c.label_en else c.label_zh for c in concepts(scheme)}


def _label(scheme: str, concept: str) -> str:
    return _labels(scheme)[concept]


def _amount(amount: Amount) -> str:
    unit = amount.unit_word or _label("amount-unit", amount.unit)
    return f"{_SIGNS[amount.bound]} {amount.value.normalize():,f} {unit}"


def _fields(deadline: Deadline) -> str:
    values = {
        "start": deadline.start,
        "end": deadline.end,
        "previously": deadline.previous_duration,
        "duration": deadline.duration,
        "event": deadline.event,
        "offset": deadline.offset,
        "count": deadline.count,
        "in": "working days" if deadline.working_days else None,
    }
    said = " ".join(f"{name} {value}" for name, value in values.items() if value is not None)
    return f"deadline-type:{deadline.type} {said}"
