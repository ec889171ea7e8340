"""The JSON of QMP: what live QEMU answers, cut anywhere; and what it prints."""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyqom import release as releases
from pyqom.errors import ParseError
from pyqom.monitor import dialect, lexer
from pyqom.monitor.dialect import LOCATED, UNLOCATED, Parser, to_json
from pyqom.monitor.protocol import wording
from pyqom.monitor.unicode import decode, decode_loosely
from pyqom.monitor.writer import Encoded
from tests.monitor.small import DATA, NEGOTIATE, lines, session

RECORDED = json.loads((DATA / "parser.json").read_text())


def spelled_out(pieces: Any) -> bytes:
    if isinstance(pieces, str):
        pieces = [pieces]
    text = "".join(p if isinstance(p, str) else p[0] * p[1] for p in pieces)
    return text.encode("latin-1")


def repeated(replies: list[Any]) -> list[str]:
    return list(chain.from_iterable([r] if isinstance(r, str) else [r[0]] * r[1] for r in replies))


def comparable(value: Any) -> Any:
    """Values, with errors as their texts; tells 1, 1.0 and True apart."""
    if isinstance(value, ParseError):
        return f"error: {value}"
    if isinstance(value, dict):
        return {key: comparable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [comparable(member) for member in value]
    return f"{type(value).__name__} {value!r}"


def parse(data: bytes, wording: dialect.Wording = LOCATED, cuts: tuple[int, ...] = ()) -> list[Any]:
    parser = Parser(wording)
    found = []
    for start, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
        found += [comparable(value) for value in parser.feed(data[start:end])]
    return found


# --- against QEMU --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1 << 20, 1, 3])
@pytest.mark.parametrize("release", ["7.2", "11.1"])
def test_replies_are_those_of_live_qemu(release: str, step: int) -> None:
    """One session over all inputs, as recorded, for lines are counted over all of it."""
    talk = session(NEGOTIATE, wording=wording(releases.get(release)))
    for number, (pieces, expected) in enumerate(
        zip(RECORDED["inputs"], RECORDED["replies"][release], strict=True), 1
    ):
        mark = f"mark{number}"
        tail = b'\xff\n{"execute":"query-name","id":"%s"}\n' % mark.encode()
        # By itself, so that plain input may take the fast road.
        for data in (spelled_out(pieces), tail):
            for at in range(0, len(data), step):
                talk.receive(data[at : at + step])
        got = lines(talk)
        assert got.pop() == f'{{"return": {{}}, "id": "{mark}"}}'
        assert got == repeated(expected), spelled_out(pieces)


def test_releases_word_mistakes_by_rule() -> None:
    assert wording(releases.get("7.2")) is UNLOCATED
    assert wording(releases.get("11.1")) is LOCATED


# --- limits --------------------------------------------------------------------------------------


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "MAX_MESSAGE_SIZE", 100)
    monkeypatch.setattr(lexer, "MAX_TOKEN_SIZE", 100)
    monkeypatch.setattr(dialect, "MAX_TOKEN_COUNT", 40)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize(
    ("data", "located", "unlocated"),
    [
        # As measured with the true limits, 64 MiB and 2 Mi tokens, on live QEMU.
        (b'["' + b"x" * 95 + b'"]', ["list ok"], ["list ok"]),
        (
            b'["' + b"x" * 98 + b'"]\n',
            ["error: JSON token size limit exceeded"],
            [
                "error: JSON token size limit exceeded",
                "error: JSON parse error, expecting value",
            ],
        ),
        (b"[" + b"1," * 18 + b"1]", ["list ok"], ["list ok"]),
        (
            b"[" + b"1," * 20 + b"1]\n",
            ["error: JSON token count limit exceeded"],
            [
                "error: JSON token count limit exceeded",
                "int 1",
                "error: JSON parse error, expecting value",
            ],
        ),
    ],
)
def test_limits(data: bytes, located: list[str], unlocated: list[str]) -> None:
    for words, expected in ((LOCATED, located), (UNLOCATED, unlocated)):
        found = parse(data, words)
        assert ["list ok" if isinstance(value, list) else value for value in found] == expected


def test_an_endless_token_does_not_grow(small_limits: None) -> None:
    parser = Parser()
    found = []
    for _ in range(50):
        found += parser.feed(b'"' + b"y" * 60)
        assert len(parser._lexer._token) <= 101
    assert found


def test_an_endless_message_does_not_grow(small_limits: None) -> None:
    parser = Parser()
    assert [str(e) for e in parser.feed(b"[" + b"'x'," * 10_000)] == [
        "JSON token count limit exceeded"
    ]
    assert len(parser._builder._open) < 40


# --- chunks and random bytes ---------------------------------------------------------------------

TOKENS = (
    [bytes([c]) for c in b"{}[]:,\"'\\ \n\t\r0-1.eETtn%/\x00\x01\x7f\x80\xc3\xfe\xff"]
    + [b'"a"', b"'b'", b'"execute"', b"true", b"null", b"nope", b"12", b"-0", b"1.5", b"1e5"]
    + [b'"\\u00e9"', b'"\\ud834\\udd1e"', b'"\\ud834"', b'"\xc3\xa9"', b'"\xc0\x80"', b'{"a":']
    + [b"18446744073709551616", b"0e1", b'{"execute":"query-name"}', b"\r\n", b"01", b"{", b"}"]
)
INPUTS = st.one_of(
    st.binary(max_size=40), st.lists(st.sampled_from(TOKENS), max_size=25).map(b"".join)
)


@given(INPUTS, st.data())
def test_cuts_change_nothing(data: bytes, more: st.DataObject) -> None:
    cuts = more.draw(st.lists(st.integers(0, len(data)), max_size=6).map(sorted))
    for words in (LOCATED, UNLOCATED):
        assert parse(data, words, tuple(cuts)) == parse(data, words, tuple(range(1, len(data))))


@given(INPUTS)
def test_the_parser_finds_back(data: bytes) -> None:
    for words in (LOCATED, UNLOCATED):
        assert parse(data + b'\xff\n{"a": [1]}', words)[-1] == {"a": ["int 1"]}


def is_character(char: str) -> bool:
    return decode(char.replace("\0", "").encode("utf-8", "surrogatepass")) is not None


CHARACTERS = st.text(st.characters(exclude_categories=["Cs"]).filter(is_character), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    # QEMU writes -0.0 as an integer that has no sign.
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
    | CHARACTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(CHARACTERS, inner, max_size=4),
)


@given(JSON, st.booleans())
def test_what_is_written_reads_back(value: Any, pretty: bool) -> None:
    text = to_json(value, pretty)
    assert text.isascii()
    assert json.loads(text) == value
    assert json.loads(to_json(value, pretty, ordered=True)) == value
    [[again]] = Parser().feed(b"[" + text.encode("ascii") + b"]")
    # Doubles that are whole come back as integers, if 64 bits hold them.
    assert again == value
    assert to_json(again, pretty) == text


@given(st.text())
def test_text_is_escaped_as_qemu_does(text: str) -> None:
    def escape(char: str) -> str:
        short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f"}
        short |= {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
        if char in short or " " <= char <= "~":
            return short.get(char, char)
        code = ord(char) if is_character(char) else 0xFFFD
        if code > 0xFFFF:
            code -= 0x10000
            return f"\\u{0xD800 + (code >> 10):04X}\\u{0xDC00 + (code & 0x3FF):04X}"
        return f"\\u{code:04X}"

    assert to_json(text) == '"' + "".join(map(escape, text)) + '"'


# --- the writer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, True, None], "b": {}}, '{"a": [1, true, null], "b": {}}'),
        ([0.1, 1.0, -0.0, 1e16, 1e17, 5e-324], None),
        (1e22, "1e+22"),
        (100000.0, "100000"),
        (0.1, "0.10000000000000001"),
        (-0.0, "-0"),
        (math.inf, "inf"),
        ({"x": [-math.inf]}, '{"x": [-inf]}'),
        (18446744073709551615, "18446744073709551615"),
        (["at 1.5 or 2e3"], '["at 1.5 or 2e3"]'),
        ("\x7f\x1f\xe9\U0001d11e", '"\\u007F\\u001F\\u00E9\\uD834\\uDD1E"'),
        ("\\u00e9", '"\\\\u00e9"'),
        (["\ufffe\udcff\U0001fffe"], '["\\uFFFD\\uFFFD\\uFFFD"]'),
        ((1, (2,)), "[1, [2]]"),
    ],
)
def test_written(value: Any, text: str | None) -> None:
    if text is None:
        text = "[0.10000000000000001, 1, -0, 10000000000000000, 1e+17, "
        text += "4.9406564584124654e-324]"
    assert to_json(value) == text


def test_written_pretty() -> None:
    """As live QEMU with -qmp-pretty prints it, empty containers included."""
    value = {"return": {"a": [1, {}], "b": []}, "id": "x"}
    assert to_json(value, True) == (
        '{\n    "return": {\n        "a": [\n            1,\n            {\n            }\n'
        '        ],\n        "b": [\n        ]\n    },\n    "id": "x"\n}'
    )


def test_written_in_the_order_of_qemus_hash_table() -> None:
    value = {"z": 1, "y": 2, "id": 3, "return": {"b": 1, "a": 2}}
    assert to_json(value, ordered=True) == '{"y": 2, "z": 1, "return": {"a": 2, "b": 1}, "id": 3}'


@pytest.mark.parametrize("pretty", [False, True])
def test_depth_costs_no_stack(pretty: bool) -> None:
    text = b"[" * 1024 + b"]" * 1024
    value = Parser().feed(text)[0]
    assert to_json(value, pretty).replace("\n", "").replace(" ", "").encode() == text


def test_what_is_no_json_is_a_type_error() -> None:
    for value in (object(), {"a": [b"x"]}):
        with pytest.raises(TypeError):
            to_json(value)
        with pytest.raises(TypeError):
            to_json(value, True)


def test_encoded_is_json_once_more() -> None:
    encoded = Encoded(to_json({"a": [1]}))
    assert encoded == '{"a": [1]}'
    assert encoded.pretty() == to_json({"a": [1]}, True)


# --- modified UTF-8 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\xc0\x80b", "a\0b"),
        (b"\xc0\x81", "\ufffd"),
        (b"\xc3", "\ufffd"),
        (b"\xe2\x82", "\ufffd"),
        (b"\xe2\x82x", "\ufffdx"),
        (b"\x80\x80", "\ufffd\ufffd"),
        (b"\xfe\xff", "\ufffd\ufffd"),
        (b"\xed\xa0\x80!", "\ufffd!"),
        (b"\xfb\xbf\xbf\xbf\xbf", "\ufffd"),
        (b"\xef\xbf\xbe", "\ufffd"),
        ("\u20ac\U0001d11e".encode(), "\u20ac\U0001d11e"),
    ],
)
def test_modified_utf8(raw: bytes, text: str) -> None:
    assert decode_loosely(raw) == text
    assert decode(raw) == (None if "\ufffd" in text else text)
