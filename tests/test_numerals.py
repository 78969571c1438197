"""Chinese and Arabic numerals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.numerals import number

VALUES = [
    ("0", 0),
    ("12", 12),
    ("１２", 12),
    ("零", 0),
    ("两", 2),
    ("十", 10),
    ("十二", 12),
    ("二十", 20),
    ("二十八", 28),
    ("一百零五", 105),
    ("三百六十", 360),
    ("一千零一", 1001),
    ("两万三千", 23000),
    ("二〇二三", 2023),
    ("二○二三", 2023),
    ("二零二三", 2023),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_numeral_has_its_value(text: str, value: int):
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "三个", "第三", "abc", "½", "1.5"])
def test_what_is_no_numeral_has_none(text: str):
    assert number(text) is None


@given(st.integers(0, 9999))
def test_arabic_digits_of_either_width_agree(value: int):
    wide = str(value).translate({ord("0") + k: 0xFF10 + k for k in range(10)})
    assert number(wide) == number(str(value)) == value
