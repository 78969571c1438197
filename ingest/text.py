"""From the bytes of a text file to its raw text, and the one-to-one fold that matching works on."""

import re

from ingest.errors import SourceError

MAX_BYTES = 25_000_000
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_FOLD = (
    {0xFF10 + i: ord("0") + i for i in range(10)}
    | {0xFF21 + i: ord("A") + i for i in range(26)}
    | {0xFF41 + i: ord("a") + i for i in range(26)}
    | {
        ord("．"): ord("."),
        ord("％"): ord("%"),
        ord("＋"): ord("+"),
        ord("－"): ord("-"),
        ord("／"): ord("/"),
    }
)
_MARKS = str.maketrans(",;:?!()", "，；：？！（）")
_CJK = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef“”‘’]"
_BESIDE_CJK = re.compile(rf"(?<={_CJK})[,;:?!()]|[,;:?!()](?={_CJK})")


def decode(data: bytes) -> str:
    """Decodes a text file: by its byte-order mark, else as strict UTF-8, else as strict GB18030 that is Chinese.

    Control characters other than tabs and line ends are dropped.

    Raises:
        SourceError: `too-large`, `empty-document`, or `undecodable` where the bytes are no text in these encodings.
    """
    if len(data) > MAX_BYTES:
        raise SourceError("too-large", f"{len(data):,} bytes; at most {MAX_BYTES:,} are read")
    text = _CONTROLS.sub("", _decoded(data))
    if not text.strip():
        raise SourceError("empty-document", "it holds no text")
    return text


def _decoded(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    if b"\x00" in data:
        raise SourceError("undecodable", "it is binary, not text; give the notice as UTF-8 or GB18030 text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = _strict(data, "gb18030")
    # Nearly any bytes are some GB18030; Chinese prose is mostly Han characters.
    if len(_HAN.findall(text)) * 3 < len(text.strip()):
        raise SourceError("undecodable", "it is neither UTF-8 nor Chinese text in GB18030")
    return text


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError("undecodable", f"it is no valid {encoding} from byte {error.start} on") from error


def fold(text: str) -> str:
    """Folds full-width letters and digits to ASCII and ASCII marks beside Chinese to Chinese ones, one to one.

    Returns:
        A text of the same length, so that offsets hold in both.
    """
    folded = text.translate(_FOLD)
    return _BESIDE_CJK.sub(lambda mark: mark[0].translate(_MARKS), folded)
