"""Coordinated names of bodies: 浦口区、江宁区市场监管局登记、信用部门 is each bureau's two departments.

A phrase is parted at its commas; names that share a place, a body or a department suffix are completed from their
neighbours, and names that only point (市局, 两区一县, 示范区执委会) from the rest of the notice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile

from ingest.agencies import Name, described, full_name, is_elided, official_body, split_name, words
from ingest.gazetteer import by_abbreviation, is_full_name, places_in
from ingest.model import Agency, AgencyMention, Span
from ingest.numerals import number

_GROUP = re.compile(r"[，；;,]")
_PART = re.compile(
    r"(?<!各[市区县州盟旗])[、/\u2063]|(?:(?<=[局厅委办处科会室股所队院心])|(?<=部门))(?:和|与|及|以及|会同)(?=\S{2})"
)
_RANKS = re.compile(r"([一二两三四五六七八九十]+)(市|省|区|县|州|旗|盟)")
_ALIAS = re.compile(r"(?:[\u4e00-\u9fff]{2,4}?)??((?:[一二两三四五六七八九十]+[市省区县州旗盟]){1,4})")
_ALIKE = re.compile(r"([两三四五六七八九十])(?:省市|省区市|省区|市县|区县|市区|地)")
_MAX_PLACE = 12
_PLACE_AND_COMMA = re.compile("[省市区县州旗盟]、")
_PLACES = re.compile(r"[\u4e00-\u9fff]{2,12}?[省市区县州旗盟](?:、[\u4e00-\u9fff]{2,12}?[省市区县州旗盟])+")
_DEFINED_PLACES = re.compile(
    r"((?:[\u4e00-\u9fff]{2,12}?[省市区县州旗盟]、)*[\u4e00-\u9fff]{2,12}?[省市区县州旗盟])（以下(?:简称|统称|称)“?([^”）]{1,8})”?）"
)
_SHARED_SUFFIX = re.compile(r"(?:部门|处室|处|科室|科|室|股|部)$")
_MAX_NAME = 40
_NAME_OR_COMMA = re.compile("[\u4e00-\u9fff、]")
_MAX_DEFINITION = len("简称“”）") + 8


@dataclass(slots=True)
class _Cluster:
    """Authorities that share what follows them, and their departments met so far."""

    agencies: list[tuple[Agency, Span]] = field(default_factory=list)
    places: list[tuple[str, Span]] = field(default_factory=list)
    units: list[tuple[str, Span]] = field(default_factory=list)
    stubs: list[tuple[str, Span]] = field(default_factory=list)


@lru_cache(maxsize=1)
def _told(text: str) -> tuple[list[list[str]], dict[str, tuple[str, ...]]]:
    """Returns the lists of places in a text, and the short forms that it defines for some; the header asks first."""
    lists = [match[0].split("、") for match in _place_lists(text)]
    defined = {}
    for mark in re.finditer("（以下", text):  # Searched for at once, the names before it would be tried everywhere.
        begin = mark.start()
        while begin and _NAME_OR_COMMA.match(text, begin - 1):
            begin -= 1
        if match := _DEFINED_PLACES.search(text, begin, mark.end() + _MAX_DEFINITION):
            defined[match[2]] = places_in(match[1])
    return lists, defined


def _place_lists(text: str) -> Iterator[re.Match[str]]:
    """Yields what `_PLACES.finditer` does, tried only where a place may end before a comma."""
    end = 0
    for mark in _PLACE_AND_COMMA.finditer(text):
        starts = range(max(end, mark.start() - _MAX_PLACE), mark.start() - 1)
        if match := next(filter(None, (_PLACES.match(text, start) for start in starts)), None):
            end = match.end()
            yield match


class Bodies:
    """Resolves names of bodies in one notice."""

    def __init__(self, issuers: tuple[Agency, ...], text: str) -> None:
        """Keeps the issuing agencies, lead first, and what `text` (folded) tells of aliases."""
        self.issuers = issuers
        self.context = tuple(agency.division for agency in issuers if agency.division)
        self._lists, self._defined = _told(text)
        self._issuer_names = [(agency, split_name(agency.name)) for agency in issuers]
        self._met: dict[str, Agency] = {}
        self._issuer_places = list(dict.fromkeys(place for agency in issuers for place in places_in(agency.name)[:1]))

    def read(self, phrase: str, offset: int = 0, *, labelled: bool = False) -> tuple[AgencyMention, ...] | None:
        """Reads the bodies that a phrase names.

        Args:
            phrase: Folded text: the inside of a responsibility bracket, an addressee group, a subject.
            offset: Where the phrase stands in the text.
            labelled: Whether a label (责任单位：) says that bodies follow, so that unknown words are names too.

        Returns:
            The bodies in order, each once; None where the phrase is no list of bodies.
        """
        found: list[AgencyMention] = []
        for group in _spans(phrase, _GROUP):
            mentions = self._group(phrase, group, labelled=labelled)
            if mentions is None and not labelled:
                return None
            found += mentions or []
        once: dict[Agency, AgencyMention] = {}
        for mention in found:
            once.setdefault(
                mention.agency,
                AgencyMention(mention.agency, mention.span.shifted(offset), mention.short_form),
            )
        return tuple(once.values())

    def _group(self, phrase: str, group: Span, *, labelled: bool) -> list[AgencyMention] | None:
        start = group.start
        text = phrase[group.start : group.end]
        if label := words("label").match(text):
            start, labelled = start + label.end(), True
        elif words("other-label").match(text):
            return []
        tail = words("tail").search(phrase, start, group.end)
        end = tail.start() if tail else group.end
        clusters: list[_Cluster] = [_Cluster()]
        others: list[AgencyMention] = []
        for whole in _spans(phrase, _PART, Span(start, end)):
            part = _without_etc(phrase, whole)
            name = phrase[part.start : part.end]
            if not name or words("nobody").match(name):
                continue
            if len(name) > _MAX_NAME or not self._add(name, part, clusters, others, labelled=labelled):
                return None
        named = [(cluster.agencies[0][1].start, tuple(_mentions(cluster))) for cluster in clusters if cluster.agencies]
        named += [(mention.span.start, (mention,)) for mention in others]
        return [mention for _, mentions in sorted(named, key=lambda pair: pair[0]) for mention in mentions]

    def _add(
        self,
        name: str,
        span: Span,
        clusters: list[_Cluster],
        others: list[AgencyMention],
        *,
        labelled: bool,
    ) -> bool:
        """Adds one part of a group to its cluster; False where it is no name of a body."""
        here = clusters[-1]
        if places := self._places(name):
            if here.agencies:
                clusters.append(here := _Cluster())
            here.places += [(place, span) for place in places]
            return True
        parts = split_name(name)
        issuer = self._issuer(name, parts)
        if issuer is not None and (issuer[1] or parts is None or parts.body):
            clusters.append(_Cluster([(issuer[0], span)]))
            return self._behind(issuer[1], span, clusters[-1])
        if parts is not None:
            return self._named(parts.place, parts.body, parts.unit, span, clusters)
        if words("own-bureau").search(name) or words("unit").search(name):
            self._unit(name, span, clusters)
        elif words("institution").search(name):
            others.append(AgencyMention(self._described(name), span))
        elif here.agencies or not labelled:
            here.stubs.append((name, span))
        else:
            others.append(AgencyMention(self._described(name), span))
        return True

    def _named(self, place: str, body: str, unit: str, span: Span, clusters: list[_Cluster]) -> bool:
        here = clusters[-1]
        places = self._places(place) if place else []
        if place and not places:
            clusters.append(here := _Cluster())
            here.agencies.append((self._described(self._full(place, body)), span))
            return self._behind(unit, span, here)
        if places and here.agencies:
            clusters.append(here := _Cluster())
        here.places += [(p, span) for p in places]
        if not here.places:
            clusters.append(here := _Cluster())
            here.agencies.append((self._described(body), span))
        for p, at in here.places:
            where = Span(at.start, span.end) if (p, at) == here.places[-1] and at == span else at
            where = span if here.agencies and at != span and len(here.agencies) >= len(here.places) else where
            here.agencies.append((self._known(full_name(p, body)), where))
        return self._behind(unit, span, here)

    def _behind(self, unit: str, span: Span, cluster: _Cluster) -> bool:
        if not unit:
            return True
        at = Span(span.end - len(unit), span.end)
        if words("unit").search(unit):
            cluster.units.append((unit, at))
        else:
            cluster.stubs.append((unit, at))
        return True

    def _unit(self, name: str, span: Span, clusters: list[_Cluster]) -> None:
        here = clusters[-1]
        if not here.agencies:
            lead = self.issuers[0] if self.issuers else None
            if lead is None:
                here.agencies.append((described(name), span))
                clusters.append(_Cluster())
                return
            here.agencies.append((lead, span))
        suffix = _SHARED_SUFFIX.search(name)
        for stub, at in here.stubs:
            here.units.append((stub + (suffix[0] if suffix else ""), at))
        here.stubs.clear()
        here.units.append((name, span))

    def _known(self, name: str) -> Agency:
        """Returns the issuing agency whose full name ends with `name`, else describes it as it stands."""
        issuers = (agency for agency in self.issuers if agency.name.endswith(name))
        return next(issuers, None) or self._described(name)

    def _described(self, name: str) -> Agency:
        """Describes an authority by its full name; those of a notice recur."""
        if name not in self._met:
            self._met[name] = described(name, self.context)
        return self._met[name]

    def _full(self, place: str, body: str) -> str:
        """Completes 市 + 市场监管局 to the issuing agency where it is meant; else keeps the name as printed."""
        if is_elided(place) or words("class").match(place) or "（" in place:
            return place + body
        return full_name(place, body)

    def _issuer(self, name: str, parts: Name | None) -> tuple[Agency, str] | None:
        """Finds the issuing agency that a short form means, and what stands behind it: 市局信用处, 示范区执委会."""
        short = re.match(
            r"(?:本|我)?(?:省|市|区|县|州)?(?:厅|局|委)(?=$|[^、]{0,16}(?:处|科|室|股|部门|中心|队)$)", name
        )
        if short and self.issuers and short[0] not in ("厅", "委"):
            rank = re.sub("[本我局厅委]", "", short[0])
            places = self._issuer_places[:1]
            if not rank or any(place.endswith(rank) for place in places):
                return self.issuers[0], name[short.end() :]
        if parts is None or (parts.place and is_full_name(parts.place)):
            return None
        printed = parts.place + official_body(parts.body)
        for agency, own in self._issuer_names:
            if own is None or official_body(own.body) != official_body(parts.body):
                continue
            if self._points_to(parts.place, printed, agency.name):
                return agency, parts.unit
        return None

    def _points_to(self, place: str, printed: str, name: str) -> bool:
        if not place or is_elided(place):
            ranks = {p[-1] for p in places_in(name)[-1:]}
            return not place or place[-1] in ranks
        if words("class").match(place):
            return False
        return name.endswith(printed) or (not _ALIAS.fullmatch(place) and _is_subsequence(printed, name))

    def _places(self, name: str) -> list[str]:
        """Returns the places that a bare place name or an alias (一市两省, 两省市, 沪苏浙) stands for."""
        if is_full_name(name):
            return [name]
        if name in self._defined:
            return list(self._defined[name])
        if alike := _ALIKE.fullmatch(name):
            return self._issuer_places if len(self._issuer_places) == number(alike[1]) else []
        match = _ALIAS.fullmatch(name)
        if match is None:
            letters = list(takewhile(bool, map(by_abbreviation, name)))
            return [division.name for division in letters if division] if len(letters) == len(name) > 1 else []
        wanted = {rank: number(count) or 0 for count, rank in _RANKS.findall(match[1])}
        candidates = [self._issuer_places, *self._lists]
        for strict in (True, False):
            for places in candidates:
                chosen = [p for p in places if p[-1] in wanted]
                counts = {rank: sum(p.endswith(rank) for p in chosen) for rank in wanted}
                if counts == wanted and (len(chosen) == len(places) or not strict) and all(map(is_full_name, chosen)):
                    return chosen
        return []


def _mentions(cluster: _Cluster) -> Iterator[AgencyMention]:
    for agency, span in cluster.agencies:
        if not cluster.units:
            yield AgencyMention(agency, span)
        for unit, at in cluster.units:
            yield AgencyMention(Agency(unit, parent=agency), at)


def _is_subsequence(short: str, full: str) -> bool:
    letters = iter(full)
    return all(letter in letters for letter in short)


def _spans(text: str, separator: re.Pattern[str], within: Span | None = None) -> list[Span]:
    """Parts a stretch of text at a separator outside brackets."""
    span = within or Span(0, len(text))
    spans, start, depth, seen = [], span.start, 0, span.start
    for match in separator.finditer(text, *span):
        depth += text.count("（", seen, match.start()) - text.count("）", seen, match.start())
        seen = match.start()
        if depth == 0:
            spans.append(Span(start, match.start()))
            start = match.end()
    return [*spans, Span(start, span.end)]


def _without_etc(text: str, span: Span) -> Span:
    etc = words("etc").search(text, span.start, span.end)
    return Span(span.start, etc.start()) if etc else span
