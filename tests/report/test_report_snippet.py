"""The source below a finding: which lines are shown, and that carets are exactly below the characters of a span."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_examples import HEADS, at, body, finding, locate, report_of

from shapelint.report import render
from shapelint.spec.findings import Report
from shapelint.text.location import Location

LAYOUTS = {
    "both spans on one line, the primary first": (
        body(HEADS, at(1, 9, 12), (at(1, 20, 23), "related")),
        """\
 1 | a: Head(512, 1024, 256)
   |         ^^^        --- related
   |         |
   |         primary""",
    ),
    "both spans on one line, the primary last": (
        body(HEADS, at(1, 20, 23), (at(1, 9, 12), "related")),
        """\
 1 | a: Head(512, 1024, 256)
   |         ---        ^^^ primary
   |         |
   |         related""",
    ),
    "three spans on one line": (
        body(HEADS, at(1, 9, 12), (at(1, 20, 23), "last"), (at(1, 14, 18), "middle")),
        """\
 1 | a: Head(512, 1024, 256)
   |         ^^^  ----  --- last
   |         |    |
   |         |    middle
   |         primary""",
    ),
    "a span inside another": (
        body(HEADS, at(1, 9, 12), (at(1, 4, 24), "the head")),
        """\
 1 | a: Head(512, 1024, 256)
   |    -----^^^------------
   |    |    |
   |    |    primary
   |    the head""",
    ),
    "the same span twice": (
        body(HEADS, at(1, 9, 12), (at(1, 9, 12), "again")),
        """\
 1 | a: Head(512, 1024, 256)
   |         ^^^ again
   |         |
   |         primary""",
    ),
    "no label": (
        body(HEADS, at(1, 9, 12), label=""),
        """\
 1 | a: Head(512, 1024, 256)
   |         ^^^""",
    ),
    "an insertion": (
        body("a: Head()\n", at(1, 9, 9)),
        """\
 1 | a: Head()
   |         ^ primary""",
    ),
    "an insertion at the end of the last line": (
        body("a:", at(1, 3, 3)),
        """\
 1 | a:
   |   ^ primary""",
    ),
    "lines in order, adjacent, with one and with more between": (
        body("one\ntwo\nthree\nfour\nfive\nsix\nseven\n", at(4, 1, 5), (at(7, 1, 6), "after"), (at(2, 1, 4), "before")),
        """\
 2 | two
   | --- before
 3 | three
 4 | four
   | ^^^^ primary
...
 7 | seven
   | ----- after""",
    ),
    "line numbers of different width": (
        body("x\n" * 99 + "hundred\n", at(100, 1, 8), (at(9, 1, 2), "nine")),
        """\
   9 | x
     | - nine
...
 100 | hundred
     | ^^^^^^^ primary""",
    ),
    "a span over lines": (
        body("a: [Linear(1, 2),\n\n    ReLU()]  # end\n", at(1, 4, 12, end_line=3)),
        """\
 1 | a: [Linear(1, 2),
   |    ^^^^^^^^^^^^^^
 2 |
 3 |     ReLU()]  # end
   |     ^^^^^^^ primary""",
    ),
    "a span over three lines": (
        body("a: [1,\n    2,\n    3]\n", at(1, 4, 7, end_line=3)),
        """\
 1 | a: [1,
   |    ^^^
 2 |     2,
   |     ^^
 3 |     3]
   |     ^^ primary""",
    ),
    "a span over many lines": (
        body("a:\n" + "".join(f"  - {n}\n" for n in range(9)) + "b:\n", at(2, 3, 1, end_line=11)),
        """\
  2 |   - 0
    |   ^^^
...
 10 |   - 8
    |   ^^^ primary""",
    ),
    "tabs before and inside the span": (
        body("a:\tHead(\t512)\n", at(1, 9, 13)),
        """\
 1 | a:    Head(    512)
   |            ^^^^^^^ primary""",
    ),
    "wide, combining and emoji characters before the span": (
        body("頭: e\u0301\U0001f600 512\n", at(1, 8, 11)),
        """\
 1 | 頭: e\u0301\U0001f600 512
   |         ^^^ primary""",
    ),
    "joined Hangul and an emoji made wide by its selector before the span": (
        body("\u1112\u1161\u11ab: \u2764\ufe0f 512\n", at(1, 9, 12)),
        """\
 1 | \u1112\u1161\u11ab: \u2764\ufe0f 512
   |        ^^^ primary""",
    ),
    "wide characters inside the span": (
        body("a: 頭部 b\n", at(1, 4, 6)),
        """\
 1 | a: 頭部 b
   |    ^^^^ primary""",
    ),
    "control and bidirectional characters in the source": (
        body("a: \x1b[2J\u202e512\u202c\xa0\n", at(1, 9, 12)),
        """\
 1 | a: \\x1b[2J\\u202e512\\u202c\\xa0
   |                 ^^^ primary""",
    ),
    "Windows and old Mac line ends": (
        body("one\r\ntwo\rthree\n", at(3, 1, 6), (at(2, 1, 4), "two")),
        """\
 2 | two
   | --- two
 3 | three
   | ^^^^^ primary""",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name: str) -> None:
    rendered, expected = LAYOUTS[name]
    head, arrow, bar, *source = rendered.split("\n")
    assert head == "error[SL101]: head expects 512 features, but backbone produces 256"
    assert arrow.strip().startswith("--> model.yaml:")
    assert bar.strip() == "|"
    assert "\n".join(source) == expected


def test_a_related_span_in_another_file() -> None:
    one = finding(at(1, 9, 12), [(at(1, 10, 13, "base.yaml"), "from here"), (at(12, 1, 3, "gone.yaml"), "and here")])
    files = report_of(HEADS, one).files + report_of("out_dim: 256\n").files
    report = Report((files[0], type(files[1])("base.yaml", "checked", text=files[1].text)))
    assert render(report, "text").rpartition("\n\n")[0] == (
        """\
error[SL101]: head expects 512 features, but backbone produces 256
   --> model.yaml:1:9
    |
  1 | a: Head(512, 1024, 256)
    |         ^^^ primary
    |
   --> base.yaml:1:10
    |
  1 | out_dim: 256
    |          --- from here
    |
   --> gone.yaml:12:1: and here"""
    )


def test_a_long_line_is_clipped_around_its_spans() -> None:
    line = "k: [" + "1, " * 2000 + "Head(512, 256), " + "2, " * 2000 + "Head(7)]"
    one = locate(line, "512")
    rendered = body(line, one, (locate(line, "7)"), "far away"), width=80).split("\n")
    assert all(len(text) <= 100 for text in rendered)
    source, marks = rendered[3], rendered[4]
    assert source[marks.index("^") :].startswith("512, 256)")
    assert source[marks.index("-", 4) :] == "7)]"
    assert source.count("...") == 2


def test_a_long_span_keeps_both_ends() -> None:
    line = "a: " + "x" * 50 + "y" * 500 + "z" * 50 + " b"
    rendered = body(line, at(1, 4, 604), width=80).split("\n")
    source, marks = rendered[3], rendered[4].removesuffix(" primary")
    assert re.fullmatch(r" 1 \| a: x+\.\.\.z+ b", source)
    assert source[marks.index("^") : marks.rindex("^") + 1].strip("xz") == "..."
    assert len(source) <= 80


@pytest.mark.parametrize("place", [at(9, 1, 4), at(1, 90, 93), at(1, 3, 1), Location("model.yaml", 3, 1, 99, 1)])
def test_a_place_outside_the_text_does_not_raise(place: Location) -> None:
    assert f"--> model.yaml:{place.line}:{place.column}" in render(report_of("a\nb\nc", finding(place)), "text")


def test_the_report_needs_no_text() -> None:
    assert body("", at(4, 37, 40), (at(3, 1, 2), "related")) == (
        """\
error[SL101]: head expects 512 features, but backbone produces 256
  --> model.yaml:4:37: primary
  --> model.yaml:3:1: related"""
    )


SHOWN = {"\t": "    ", "\x1b": "\\x1b", "頭": "頭_", "\U0001f600": "\U0001f600_"}
"""What a character becomes; `_` is the second column of a wide one."""

lines = st.text("ab1: \t\x1b頭\U0001f600", max_size=40)


def on_screen(text: str) -> str:
    """Return one character for each column that the text takes."""
    return "".join(SHOWN.get(character, character) for character in text)


@settings(max_examples=300, deadline=None)
@given(before=lines, inside=lines, after=lines, width=st.integers(0, 150))
def test_carets_cover_exactly_the_span(before: str, inside: str, after: str, width: int) -> None:
    """Read back from the screen: the text above the carets is that of the span, or both its ends."""
    rendered = body(
        before + inside + after + "|", at(1, len(before) + 1, len(before + inside) + 1), label="", width=width
    )
    source, carets = rendered.split("\n")[3:5]
    screen = "".join(character + "_" * (character in SHOWN) for character in source.removeprefix(" 1 | "))
    start, end = carets.index("^") - 5, carets.rindex("^") - 4
    assert carets == "   | " + " " * start + "^" * (end - start)
    covered = screen[start:end]
    if not inside:
        assert covered == on_screen(after + "|")[0]
    elif "..." in covered:
        left, _, right = covered.partition("...")
        assert left
        assert right
        assert on_screen(inside).startswith(left)
        assert on_screen(inside).endswith(right)
    else:
        assert covered == on_screen(inside)
