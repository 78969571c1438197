"""Deadlines as a calendar: iCalendar (RFC 5545), an event of one whole day for each end that is known."""

from collections.abc import Iterable, Iterator

from queries.lists import Item

_OCTETS = 73
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def calendar(items: Iterable[Item]) -> bytes:
    """Returns a calendar of deadlines; those without a known end are left out.

    The stamp of each event is the day on which it begins to hold, so that the same data give the same bytes.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//noticegraph//deadlines//ZH", "CALSCALE:GREGORIAN"]
    for deadline in items:
        if deadline.end:
            lines += _event(deadline)
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _folded(line)).encode()


def _event(deadline: Item) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{deadline.id}"
    yield f"DTSTAMP:{(deadline.begin or deadline.end).replace('-', '')}T000000Z"
    yield f"DTSTART;VALUE=DATE:{deadline.end.replace('-', '')}"
    yield f"SUMMARY:{deadline.label.translate(_ESCAPED)}"
    about = [link.label for name in ("deadline-type", "measure", "notice") for link in deadline.links.get(name, ())]
    yield f"DESCRIPTION:{chr(10).join(about).translate(_ESCAPED)}"
    yield f"URL:{deadline.id}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _folded(line: str) -> Iterator[str]:
    """Yields a content line in pieces of at most 75 octets (section 3.1), no character cut in two."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _OCTETS:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    yield piece
