"""From the bytes of a text file to its raw text, and the one-to-one fold that matching works on."""

import codecs
import re
import string
from dataclasses import dataclass
from functools import cache

from opencc import OpenCC

from ingest.bounds import MAX_BYTES, MAX_CHARACTERS
from ingest.errors import SourceError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# What pages declare, by the names of the WHATWG Encoding Standard; what is declared otherwise is found out.
_DECLARED = {"utf-8": "utf-8", "utf8": "utf-8", "big5": "big5hkscs", "big5-hkscs": "big5hkscs"} | dict.fromkeys(
    ("gb2312", "gb_2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "gb18030"), "gb18030"
)
_SCRAMBLED = (("windows-1252", "utf-8"), ("windows-1252", "gb18030"), ("gb18030", "utf-8"))
"""What Chinese was taken for, and what it is."""
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_NON_CHARACTERS = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)) + "]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_LOST = re.compile("\ufffd|锟斤拷")
_UNSEEN = "\x1c\x1d\x1e\x1f\ufffd锟"
_LETTER = re.compile(r"[^\x00-\x7f\u00a0\u00b7\u2000-\u206f\u2460-\u24ff\u25a0-\u25ff\u3000-\u303f\uff00-\uffef]")
_CHINESE = re.compile("[\u3400-\u9fff]")
_SAMPLE = 2_000
_FREQUENT_SHARE = 0.15
"""Half of what Chinese texts hold; what another language gives, misread as Chinese, is below a twentieth."""
# Some of the most frequent characters of written Chinese and of notices, traditional forms behind.
_FREQUENT = frozenset(
    "的一是不了在有人这个上大中为和国地到以时要就出会可对生能而于下自年发后作用行所事成方法同现分进部主理"
    "本前开实日者无与机民第公工关业将高间由重应等产新制月合特代内信化位度门任通提立及比员解各条平务管市资指"
    "区保企场监督局通知按照加强依经营许证食品药安全检验疫情支持服质量登记"
    "這個為國時會對於發後現進實與機業將間產員條務資區場監經營許證藥檢驗質記"
)
_NUL_SHARE = 10
_CUT_CHARACTER = 4
_FOLD = {code + 0xFEE0: code for code in map(ord, f"{string.digits}{string.ascii_letters}.%+-/")}
"""From full width to ASCII."""
_UNFOLDED = re.compile("[Ool,;:?!()" + "".join(map(chr, _FOLD)) + "]")
_MISREAD = re.compile(r"(?<=[0-9])[Oo](?=[0-9]*[个天日年月号时%])|(?<=[\u4e00-\u9fff])l(?=[0-9]*[个天日年月号时])")
"""0 and 1 as OCR misreads them in dates and quantities."""
_MARKS = str.maketrans(",;:?!()", "，；：？！（）")
_CJK = r"[\u2460-\u24ff\u3000-\u303f\u3400-\u9fff\uff00-\uffef“”‘’]"
_TRADITIONAL = re.compile(
    "[業檢對證產標機費場監發開辦報務設單內審實專驗個準員質區爲為經記後處時權藥營備資構許評動體會請進門電測項復關認臺統計現規當點結戶責書導應罰過執與於間補縣價條國銷線網優]"
)
"""The most frequent of those that have a simplified form."""
_BRACKETED = re.compile(r"[(（]([^()（）\n]*)[)）]")
_CJK_LETTER = re.compile(_CJK)
_BESIDE_CJK = re.compile(rf"(?<={_CJK})[,;:?!()]+|[,;:?!()]+(?={_CJK})")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and what was mended in it, in sentences."""

    text: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decodes a text file.

    Tried in turn: its byte-order mark, the encoding it declares, UTF-8, UTF-16 where NULs show it, GB18030 (with
    GB 2312 and GBK) and Big5. The last three must read as Chinese: a seventh of their letters are frequent ones.
    No byte is skipped; only a character cut off at the very end is replaced.

    Args:
        data: The file as received.
        declared: The encoding that it or its carrier names.

    Raises:
        SourceError: `too-large`, `empty-document`, or `undecodable` where the bytes are no text in these encodings.
    """
    if len(data) > MAX_BYTES:
        raise SourceError("too-large", f"it has {len(data):,} bytes; at most {MAX_BYTES:,} are read, so part it")
    decoded = _decoded(data, _DECLARED.get((declared or "").strip().lower()))
    mended = mend(decoded.text)
    if (lost := mended.text.count("\ufffd")) and 2 * lost > len(_LETTER.findall(mended.text)):
        raise SourceError("undecodable", "most of its characters are lost (U+FFFD); fetch it again")
    if not mended.text.strip():
        raise SourceError("empty-document", "it holds no text; leave it out")
    return Decoded(mended.text, decoded.warnings + mended.warnings)


def mend(text: str) -> Decoded:
    """Drops control and non-characters, replaces lone surrogates by U+FFFD, and says how many there were.

    Raises:
        SourceError: `too-large`.
    """
    if len(text) > MAX_CHARACTERS:
        raise SourceError("too-large", f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    if _is_clean(text):
        return Decoded(text)
    warnings = []
    if lost := len(_LOST.findall(text)):
        warnings.append(f"{lost} characters are lost (U+FFFD)")
    for pattern, mark, what in (
        (_CONTROLS, "", "control characters were dropped"),
        (_NON_CHARACTERS, "", "non-characters were dropped"),
        (_SURROGATES, "\ufffd", "lone surrogates were replaced by U+FFFD"),
    ):
        text, count = pattern.subn(mark, text)
        if count:
            warnings.append(f"{count} {what}")
    return Decoded(text, tuple(warnings))


def _is_clean(text: str) -> bool:
    """Tells quickly that nothing is to be mended; where it says no, there may be nothing nevertheless."""
    # `split` takes four controls for white space, and `isprintable` the mark of a lost character for a letter.
    return "".join(text.split()).isprintable() and not any(c in text for c in _UNSEEN)


def _decoded(data: bytes, declared: str | None) -> Decoded:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            found = _strict(data[len(mark) :], encoding)
            if found is None:
                raise SourceError("undecodable", f"its mark says {encoding}, its bytes are not; fetch it again")
            return found
    few_nuls = data.count(0) * _NUL_SHARE <= len(data)
    if few_nuls:
        if declared and declared != "utf-8" and (found := _strict(data, declared)) and _plausibility(found) >= 0:
            return found
        if found := _strict(data, "utf-8"):
            if found.text.isascii() or _plausibility(found) >= 0:
                return found
            found = _unscrambled(found)
            return found if declared or _CHINESE.search(found.text) else _chinese_or(found, data)
    return _guessed(data, ("gb18030", "big5hkscs") if 0 not in data else ("utf-16-le", "utf-16-be"))


def _unscrambled(found: Decoded) -> Decoded:
    """Undoes an earlier reading in a wrong encoding (mojibake), which was then written as UTF-8.

    Raises:
        SourceError: `undecodable` where characters were lost by it.
    """
    for wrong, right in _SCRAMBLED:
        if _plausibility(Decoded(found.text.encode(wrong, "ignore").decode(right, "ignore"))) < 0:
            continue
        try:
            text = found.text.encode(wrong, "as-browsers-do").decode(right)
        except UnicodeError as error:
            reason = f"it is {right} that somebody took for {wrong}, and characters are lost; fetch it again"
            raise SourceError("undecodable", reason) from error
        return Decoded(text, (*found.warnings, f"{right} that somebody had taken for {wrong} was put right"))
    return found


def _as_browsers_do(error: UnicodeError) -> tuple[bytes, int]:
    """Gives the five bytes back that windows-1252 leaves open and browsers keep (WHATWG Encoding Standard, 9.1)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return error.object[error.start : error.end].encode("latin-1"), error.end


codecs.register_error("as-browsers-do", _as_browsers_do)


def _chinese_or(found: Decoded, data: bytes) -> Decoded:
    """A few words of GB18030 are letters of some alphabet in UTF-8 now and then."""
    chinese = _strict(data, "gb18030")
    return chinese if chinese and _plausibility(chinese) >= 0 else found


def _guessed(data: bytes, encodings: tuple[str, ...]) -> Decoded:
    readings = [found for encoding in encodings if (found := _strict(data, encoding))]
    share, _, best = max(
        ((_plausibility(found), -i, found) for i, found in enumerate(readings)), default=(-1.0, 0, None)
    )
    if best is None or share < 0:
        raise SourceError(
            "undecodable", "it is no Chinese text in UTF-8, UTF-16, GB18030 or Big5; save it as UTF-8 and give it again"
        )
    return best


def _strict(data: bytes, encoding: str) -> Decoded | None:
    """Decodes without loss, but for a character cut off at the very end; None where the bytes are not so encoded."""
    errors = "surrogatepass" if encoding.startswith("utf") else "strict"
    try:
        return Decoded(data.decode(encoding, errors))
    except UnicodeDecodeError as error:
        if not 0 < error.start >= len(data) - _CUT_CHARACTER or not _is_cut(error):
            return None
        text = data[: error.start].decode(encoding, errors) + "\ufffd"
        return Decoded(text, ("its end is cut off within a character",))


def _is_cut(error: UnicodeDecodeError) -> bool:
    return bool(re.search("incomplete|unexpected end|truncated", error.reason))


def _plausibility(decoded: Decoded) -> float:
    """Returns the share of frequent Chinese characters among the letters that are not ASCII; -1 where it is too low."""
    letters = _LETTER.findall(decoded.text[:: len(decoded.text) // _SAMPLE + 1])
    share = sum(map(_FREQUENT.__contains__, letters)) / max(len(letters), 1)
    return share if share >= _FREQUENT_SHARE else -1.0


def fold(text: str) -> str:
    """Folds traditional characters, full-width letters and digits, and ASCII marks at Chinese, one to one.

    Returns:
        A text of the same length, so that offsets hold in both.
    """
    if _TRADITIONAL.search(text):
        text = text.translate(_simplified())
    # Most texts hold nothing to fold, and a search for it costs a tenth of a translation.
    if _UNFOLDED.search(text) is None:
        return text
    folded = _MISREAD.sub(lambda letter: "1" if letter[0] == "l" else "0", text.translate(_FOLD))
    folded = _BRACKETED.sub(lambda pair: f"（{pair[1]}）" if _CJK_LETTER.search(pair[1]) else pair[0], folded)
    return _BESIDE_CJK.sub(lambda mark: mark[0].translate(_MARKS), folded)


@cache
def _simplified() -> dict[int, str]:
    """The characters that have a simplified form, each by itself: words would change the length of a text."""
    letters = [chr(code) for code in range(0x3400, 0xA000)]
    forms = OpenCC("t2s").convert("\n".join(letters)).split("\n")
    return {ord(letter): form for letter, form in zip(letters, forms, strict=True) if form != letter}
