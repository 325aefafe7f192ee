"""The text and concise formats: whole reports, and what must hold for any of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_examples import MIXED, NASTY_REPORT, REPORTS, SEED, SEED_TEXT, at, finding, locate, report_of

from shapelint.findings import Alternative, Change, Edit, Fix, Location, Related, Report
from shapelint.report import Options, render
from shapelint.report.terminal import escape


def body(text: str, location: Location, *related: tuple[Location, str], width: int = 120, **more: object) -> str:
    """The block of one finding, without the closing lines and white space at line ends."""
    rendered = render(report_of(text, finding(location, related, **more)), "text", Options(width=width))
    return rendered.rpartition("\n\n")[0]


def test_the_seed_case() -> None:
    assert render(SEED, "text") == (
        """\
error[SL101]: projection_head expects 512 features, but backbone produces 256
  --> model.yaml:4:37
   |
 3 | backbone: {target: yolov8n.Backbone, out_dim: 256}
   |                                               --- backbone produces (B, 256)
 4 | projection_head: BYOLProjectionHead(512, 1024, 256)
   |                                     ^^^ projection_head accepts (B, 512)
   |
   = note: training would stop with "mat1 and mat2 shapes cannot be multiplied (Bx256 and 512x1024)"
   = help: use BYOLProjectionHead(256, 1024, 256)   [fix is safe; the chain fits with it]

Found 1 error in 1 model (1 file checked).
[*] 1 fixable with --fix.
"""
    )


def test_every_status_and_severity() -> None:
    """The text of other.yaml is not known, so its places stand as bare positions."""
    assert render(MIXED, "text").partition("\nwarning")[2] == (
        """\
[SL101]: prediction_head expects 128 features, but projection_head produces 256
  --> other.yaml:9:5
   |
   = help: use 256   [fix is unsafe; the chain fits with it]
   = help: or use 128 before it

error: bad.yaml: not UTF-8: byte 0xff at offset 3

error: empty.yaml: no model recognised

Found 1 error, 1 warning and 1 info in 3 models (2 files checked).
[*] 1 fixable with --fix, 1 more with --fix --unsafe-fixes.
1 component is unresolved: what depends on such a component was not checked.
2 files could not be checked.
4 files without a model skipped.
"""
    )


def test_concise() -> None:
    assert render(MIXED, "concise") == (
        """\
model.yaml:4:37: SL101 [*] projection_head expects 512 features, but backbone produces 256
other.yaml:3:1: SL901 backbone my.Net could not be resolved
other.yaml:9:5: SL101 prediction_head expects 128 features, but projection_head produces 256
bad.yaml: error: not UTF-8: byte 0xff at offset 3
empty.yaml: error: no model recognised
Found 1 error, 1 warning and 1 info in 3 models (2 files checked).
[*] 1 fixable with --fix, 1 more with --fix --unsafe-fixes.
1 component is unresolved: what depends on such a component was not checked.
2 files could not be checked.
4 files without a model skipped.
"""
    )


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("nothing", Options(), "No model found.\n"),
        ("skipped", Options(), "No model found.\n3 files without a model skipped.\n"),
        ("clear", Options(), "All clear: 1 model in 1 file fits.\n"),
    ],
)
def test_closing_lines(name: str, options: Options, text: str) -> None:
    assert render(REPORTS[name], "text", options) == text
    assert render(REPORTS[name], "concise", options) == text


CHANGES = (
    Change("SL101", at(4, 37, 40), (("512", "256"),)),
    Change("SL103", at(5, 1, 1), (("", ",\n  output_dim: 256"), ("64", "128"))),
    Change("SL904", at(7, 3, 30), (("  # shapelint: ignore[SL101]\n", ""),)),
)


def test_what_was_fixed_is_listed_before_the_verdict() -> None:
    lines = [
        "Fixed model.yaml:4:37: SL101 512 -> 256",
        "Fixed model.yaml:5:1: SL103 added output_dim: 256, 64 -> 128",
        "Fixed model.yaml:7:3: SL904 removed # shapelint: ignore[SL101]",
    ]
    verdict = "Fixed 3 findings. All clear: 1 model in 1 file fits.\n"
    assert render(REPORTS["clear"], "text", Options(fixed=CHANGES)) == "\n".join([*lines, "", verdict])
    assert render(REPORTS["clear"], "concise", Options(fixed=CHANGES)) == "\n".join([*lines, verdict])
    assert render(REPORTS["clear"], "concise", Options(fixed=CHANGES, quiet=True)).strip() == ""


@pytest.mark.parametrize("output_format", ["json", "sarif", "gitlab", "junit"])
def test_what_was_fixed_is_for_people(output_format: str) -> None:
    report = REPORTS["clear"]
    assert render(report, output_format, Options(fixed=CHANGES)) == render(report, output_format, Options())


def test_an_unresolved_component_is_never_called_clear() -> None:
    other = MIXED.files[3]
    silenced = Report((type(other)(other.path, other.status, other.models),))
    assert render(silenced, "text").splitlines()[0] == "No fault found in 2 models (1 file checked)."


HEADS = "a: Head(512, 1024, 256)\n"

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


def test_notes_and_helps() -> None:
    fix = Fix("use 256", (Edit(at(1, 9, 12), "256"),), False, (Alternative("use 512", ()),))
    rendered = body(HEADS, at(1, 9, 12), notes=("first\nsecond",), help="see the page", fix=fix)
    assert rendered.partition("primary\n")[2] == (
        """\
   |
   = note: first
           second
   = help: see the page
   = help: use 256   [fix is unsafe; the chain fits with it]
   = help: or use 512"""
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


def test_colour_adds_nothing_but_escapes() -> None:
    colours = re.compile(r"\x1b\[[0-9;]*m")
    for name in ("text", "concise"):
        for report in REPORTS.values():
            coloured = render(report, name, Options(colour=True))
            stripped = "\n".join(line.rstrip() for line in colours.sub("", coloured).split("\n"))
            assert stripped == "\n".join(line.rstrip() for line in render(report, name).split("\n"))
    assert "\x1b[1;31merror[SL101]\x1b[0m" in render(SEED, "text", Options(colour=True))


def test_what_the_encoding_lacks_is_escaped_and_the_carets_stay() -> None:
    report = report_of("頭: é 512\n", finding(at(1, 6, 9), message="頭 expects é"))
    rendered = render(report, "text", Options(encoding="cp1252"))
    assert rendered.encode("cp1252").decode("cp1252").split("\n")[:5] == [
        "error[SL101]: \\u982d expects é",
        "  --> model.yaml:1:6",
        "   |",
        " 1 | \\u982d: é 512",
        "   |           ^^^ primary",
    ]


@pytest.mark.parametrize("place", [at(9, 1, 4), at(1, 90, 93), at(1, 3, 1), Location("model.yaml", 3, 1, 99, 1)])
def test_a_place_outside_the_text_is_survived(place: Location) -> None:
    assert f"--> model.yaml:{place.line}:{place.column}" in render(report_of("a\nb\nc", finding(place)), "text")


def test_the_report_needs_no_text() -> None:
    assert body("", at(4, 37, 40), (at(3, 1, 2), "related")) == (
        """\
error[SL101]: head expects 512 features, but backbone produces 256
  --> model.yaml:4:37: primary
  --> model.yaml:3:1: related"""
    )


def test_nasty_text_shows_no_raw_control() -> None:
    for name in ("text", "concise"):
        rendered = render(NASTY_REPORT, name)
        assert {character for character in rendered if not character.isprintable()} == {"\n"}


SHOWN = {"\t": "    ", "\x1b": "\\x1b", "頭": "頭_", "\U0001f600": "\U0001f600_"}
"""What a character becomes, `_` standing for the second column of a wide one."""

lines = st.text("ab1: \t\x1b頭\U0001f600", max_size=40)


def on_screen(text: str) -> str:
    """One character for each column that the text takes."""
    return "".join(SHOWN.get(character, character) for character in text)


@settings(max_examples=300, deadline=None)
@given(before=lines, inside=lines, after=lines, width=st.integers(0, 150))
def test_carets_cover_exactly_the_span(before: str, inside: str, after: str, width: int) -> None:
    """Read back from the screen: what stands above the carets is the span's text, or both its ends."""
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


anything = st.text(st.characters() | st.sampled_from("\t頭\u0301\u202e\x1b\U0001f600"), max_size=30)


@given(anything)
def test_escaping_is_printable_and_loses_nothing(text: str) -> None:
    text = text.replace("\\", "")
    assert escape(text).isprintable()
    assert escape(text).encode("ascii", "backslashreplace").decode("unicode_escape") == text


@settings(max_examples=200, deadline=None)
@given(
    text=anything,
    places=st.lists(
        st.builds(Location, st.sampled_from(["model.yaml", "b"]), *[st.integers(1, 40)] * 4), min_size=1, max_size=5
    ),
)
def test_any_places_in_any_text_render(text: str, places: list[Location]) -> None:
    one = finding(places[0], [(place, "related") for place in places[1:]])
    rendered = render(report_of(text, one), "text")
    assert all(f"--> {place.path}:" in rendered for place in places)
    assert {character for character in rendered if not character.isprintable()} <= {"\n"}


def test_the_seed_spans_are_the_numbers() -> None:
    """The examples themselves: the spans that the snapshots above are built on."""
    assert SEED.findings[0].location == at(4, 37, 40)
    assert SEED.findings[0].related == (Related(at(3, 47, 50), "backbone produces (B, 256)"),)
    assert SEED_TEXT.split("\n")[3][36:39] == "512"
