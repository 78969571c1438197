"""What a quantity of time does where it stands by itself: it tests a validity, grants a period or limits an act."""

import re
from functools import cache

from ingest.anchors import Line, Reading
from ingest.durations import Quantity, iso_duration, rough_days
from ingest.model import Deadline, Span
from ingest.wording import words

_NUMBER = r"(?:[0-9]{1,3}|[一二三四五六七八九十百两]{1,4})"
_LONG_UNITS = ("M", "Q", "Y")
_SHORT_UNITS = ("H", "MIN", "WD", "D", "W")
_OVER = r"(?:届满|期满|到期|失效|过期)"
_RESTATED = words("restated-to") + r"[^，。；0-9]{0,8}?"
_CLAUSE = re.compile(r"[^，。；]{1,20}，\Z")
_NEW_COUNT = re.compile(
    rf"[^，。；]{{0,10}}?{_RESTATED}(?P<count>{_NUMBER})(?:个|{words('within')}|(?=[，。；、]|$))(?:以内|之内|内)?"
)


@cache
def _pattern(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


def read_limit(line: Line, i: int) -> Reading | None:
    """Reads anchor i, a quantity of time; None where it is none."""
    quantity = line.anchors[i]
    if not isinstance(quantity, Quantity):
        return None
    reduction = _reduction(line, i, quantity)
    if reduction is not None:
        return reduction
    left, right = line.left(i), line.right(quantity.span.end)
    if left.startswith("最长") and (clause := _CLAUSE.search(line.text, 0, quantity.span.start - len(left))):
        left = clause[0] + left  # 有效期顺延，最长不超过6个月
    for read in (_residual, _excluded, _grant, _limit):
        got = read(quantity, left, right)
        if isinstance(got, Deadline):
            return Reading((got,))
        if got:
            return Reading()
    return Reading()


def _deadline(kind: str, quantity: Quantity, *, before: int = 0, after: int = 0) -> Deadline:
    """A deadline whose quote is the quantity with some characters before and after it."""
    span = Span(quantity.span.start - before, quantity.span.end + after)
    return Deadline(kind, span, duration=quantity.duration, working_days=quantity.working_days)


def _reduction(line: Line, i: int, quantity: Quantity) -> Reading | None:
    """由5个工作日缩短为1个工作日, 由20个压缩至5个工作日, 由20个工作日压缩至5个; a longer new period is a grant."""
    following, gap = line.next(i)
    is_new = _pattern(rf"{words('restated-to')}$").search(line.left(i))
    if isinstance(following, Quantity) and not is_new:
        if _pattern(rf"[^，。；\n]{{0,16}}?(?:，(?:再|进一步|大幅|统一|均|都)*)?{_RESTATED}").fullmatch(gap):
            return Reading((_restated(line.text, quantity, following),), 2)
        if _pattern(r"[^。；\n]{0,16}?(?:较|比)[^，。；0-9]{0,8}").fullmatch(gap) and (
            cut := _pattern(words("shortened")).match(line.right(following.span.end))
        ):
            span = Span(quantity.span.start, following.span.end + cut.end())
            return _reduced(quantity, span, quantity.duration, following.duration, used=2)
        if longer := _pattern(rf"[^。；\n]{{0,14}}?({words('prolonged-to')}[^，。；0-9]{{0,4}})").fullmatch(gap):
            return Reading((_deadline("duration-grant", following, before=len(longer[1])),), 2)
    elif not is_new and (new := _NEW_COUNT.match(line.right(quantity.span.end))):
        span = Span(_with_source(line.text, quantity.span.start), quantity.span.end + new.end())
        return _reduced(quantity, span, iso_duration(new["count"], quantity.unit), quantity.duration)
    if old := _pattern(rf"(?P<count>{_NUMBER})个?{_RESTATED}$").search(line.left(i)):
        span = Span(_with_source(line.text, quantity.span.start - len(old[0])), quantity.span.end)
        return _reduced(quantity, span, quantity.duration, iso_duration(old["count"], quantity.unit))
    return None


def _reduced(
    quantity: Quantity, span: Span, duration: str | None, previous: str | None, *, used: int = 1
) -> Reading | None:
    if duration is None or previous is None:
        return None
    days = quantity.working_days
    return Reading(
        (Deadline("processing-limit", span, duration=duration, previous_duration=previous, working_days=days),),
        used,
    )


def _restated(text: str, old: Quantity, new: Quantity) -> Deadline:
    if rough_days(new.duration) > rough_days(old.duration):
        return _deadline("duration-grant", new)
    bound = _pattern(words("within")).match(text, new.span.end)
    return Deadline(
        "processing-limit",
        Span(_with_source(text, old.span.start), bound.end() if bound else new.span.end),
        duration=new.duration,
        previous_duration=old.duration,
        working_days=new.working_days,
    )


def _with_source(text: str, start: int) -> int:
    """Returns where 由 or 从 (由法定的…) stands before a quantity; its own beginning where there is none."""
    source = _pattern("[由从][^，。；由从]{0,6}$").search(text[:start][-8:])
    return start - (len(source[0]) if source else 0)


def _residual(quantity: Quantity, left: str, right: str) -> Deadline | None:
    """有效期届满不足30日, 届满前3个月内, 6个月内到期: what is left of a validity."""
    tested = _pattern(rf"{words('expiry')}[^，。；]{{0,6}}?{words('short-of')}$").search(left)
    ahead = _pattern(rf"{_OVER}(?:日|之日)?(?:之?前(?:的|最迟|至少|提前|应当?|须|可|在)*|(?:的|提前)*(?=\Z))$").search(
        left
    )
    if tested:
        return _deadline("residual-validity-condition", quantity, before=len(tested[0]))
    side = _pattern(rf"(?:{words('within')}|之前|以前|前)").match(right)
    if ahead and ("前" in ahead[0] or (side and "前" in side[0])):
        return _deadline("residual-validity-condition", quantity, before=len(ahead[0]), after=side.end() if side else 0)
    due = _pattern(rf"{words('within')}(?:即将|将)?[^，。；]{{0,8}}?{_OVER}").match(right)
    if due and not left.endswith(("后", "起")):
        return _deadline("residual-validity-condition", quantity, after=due.end())
    return None


def _excluded(quantity: Quantity, left: str, right: str) -> bool:
    """Tells whether the quantity is no time limit: service hours, experience, what happened in past years."""
    within = _pattern(words("within")).match(right)
    if quantity.unit == "H" and not within and _pattern(words("service")).match(right):
        return True
    if _pattern("(?:及|或)?以[上下]|多|余").match(right) or _pattern(r"7[×xX*]$|服务时间|营业时间").search(left):
        return True
    if _pattern(f"{words('ahead')}$").search(left) or (
        left.endswith("连续") and _pattern(words("granted-next")).match(right)
    ):
        return False
    past = _pattern(rf"{words('within')}?[^，。；]{{0,4}}?{words('past-right')}").match(right)
    if quantity.unit in _LONG_UNITS and past:
        return True
    return _pattern(rf"{words('past-left')}$").search(left) is not None


def _grant(quantity: Quantity, left: str, right: str) -> Deadline | None:
    if _pattern(words("finish")).match(right) and quantity.unit in _SHORT_UNITS:
        return None
    within = _pattern(words("within")).match(right)
    if quantity.unit in _LONG_UNITS and within and _pattern(words("granted-act")).match(right, within.end()):
        return _deadline("duration-grant", quantity, after=within.end())
    noun = _pattern(words("granted-noun")).match(right)
    if noun:
        return _deadline("duration-grant", quantity, after=noun.end())
    given = _pattern(rf".*({words('grant')}(?:[^，。；]{{0,8}}，(?=最长))?[^，。；]{{0,12}})$").match(left)
    if given and (not within or left.endswith("期")) and not quantity.same_day:
        return _deadline("duration-grant", quantity, before=len(given[1]))
    return None


def _limit(quantity: Quantity, left: str, right: str) -> Deadline | None:
    if quantity.same_day:
        done = _pattern(words("same-day-finish")).match(right)
        return _deadline("processing-limit", quantity, after=done.end()) if done else None
    within = _pattern(words("within")).match(right)
    if within:
        return _deadline("processing-limit", quantity, after=within.end())
    done = _pattern(words("finish")).match(right)
    if done and quantity.unit in _SHORT_UNITS:
        return _deadline("processing-limit", quantity, after=done.end())
    if _pattern(words("no-limit") + "$").search(left):
        return None
    bound = _pattern(
        rf"(?:{words('at-most')}|{words('ahead')}|{words('limit-name')}|{words('keep')}|{words('reduced-to')}[^，。；0-9]{{0,6}})$"
    ).search(left)
    return _deadline("processing-limit", quantity, before=len(bound[0])) if bound else None
