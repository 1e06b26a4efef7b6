import json

import orjson
import pytest

from allo_async._wire.replies import read_json

CONTENT = {"data": {"added": [{"number_to": "+12125550010", "name": "Zoé"}], "skipped": []}}
TEXT = json.dumps(CONTENT, ensure_ascii=False)


@pytest.mark.parametrize(
    "body",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-32"),
        f"\ufeff\ufeff \r\n{TEXT}\n\n\0".encode(),
        TEXT.replace("+1", "+\\u0031").encode("utf-8-sig"),
    ],
)
def test_every_encoding_of_a_reply_is_read(body):
    """A byte order mark, padding and another Unicode encoding change nothing of the content."""
    assert read_json(body) == CONTENT


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'{"a\ud800": "x\udfff y", "b": "\ud83d\ude00", "c": "\\ud800"}', {"a�": "x� y", "b": "😀", "c": "\\ud800"}),
        (b'["Zo\xe9"]', ["Zo�"]),
        (b'["\xed\xa0\x80"]', ["���"]),
        (b'["tab\there"]', ["tab\there"]),
        (b"[NaN, Infinity, -Infinity, 1e400, -1e400, 1]", [None, None, None, None, None, 1]),
        (b"[123456789012345678901234567890, 7]", [123456789012345678901234567890.0, 7]),
        (b"[1" + b"0" * 5_000 + b", NaN, 7]", [None, None, 7]),
        (b"[9223372036854775807, -5]", [9223372036854775807, -5]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"<html>", None),
        (b"", None),
        (b"\xef\xbb\xbf", None),
        (b"\xff\xfe", None),
        (b"[" * 10_000 + b"]" * 10_000, None),
        (b"[" * 10_000, None),
    ],
)
def test_a_byte_out_of_order_costs_only_itself(body, expected):
    """Content that is not quite JSON is read all the same, and can be written again everywhere."""
    content = read_json(body)

    assert content == expected
    assert json.loads(orjson.dumps(content).decode()) == expected


def test_deep_nesting_is_cut_off():
    """A value that is nested deeper than JSON can be written costs no other."""
    content = read_json(b'{"number_to": "+1", "x": ' + b"[" * 900 + b"]" * 900 + b"}")

    assert content["number_to"] == "+1"
    assert orjson.dumps({"wrapped": [content]})
