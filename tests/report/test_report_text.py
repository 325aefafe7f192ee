"""The text and concise formats: whole reports, and properties of any report."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_examples import HEADS, MIXED, NASTY_REPORT, REPORTS, SEED, SEED_TEXT, at, body, finding, report_of

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions, render
from shapelint.spec.findings import AlternativeFix, AppliedFix, Edit, Fix, Related, Report
from shapelint.text.location import Location


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
    """The text of other.yaml is unknown, so its places are shown as bare positions."""
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
9 of 10 links checked; 1 could not be checked:
  other.yaml:12:11: backbone: my.Net is not known
    to make it known, under [tool.shapelint.signatures]: "my.Net" = "B 3 H W -> B ..."
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
9 of 10 links checked; 1 could not be checked:
  other.yaml:12:11: backbone: my.Net is not known
    to make it known, under [tool.shapelint.signatures]: "my.Net" = "B 3 H W -> B ..."
2 files could not be checked.
4 files without a model skipped.
"""
    )


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("nothing", RenderOptions(), "No model found.\n"),
        ("skipped", RenderOptions(), "No model found.\n3 files without a model skipped.\n"),
        ("clear", RenderOptions(), "All clear: 1 model in 1 file fits.\n"),
    ],
)
def test_closing_lines(name: str, options: RenderOptions, text: str) -> None:
    assert render(REPORTS[name], "text", options) == text
    assert render(REPORTS[name], "concise", options) == text


CHANGES = (
    AppliedFix("SL101", at(4, 37, 40), (("512", "256"),)),
    AppliedFix("SL103", at(5, 1, 1), (("", ",\n  output_dim: 256"), ("64", "128"))),
    AppliedFix("SL904", at(7, 3, 30), (("  # shapelint: ignore[SL101]\n", ""),)),
)


def test_fixes_are_listed_before_the_verdict() -> None:
    lines = [
        "Fixed model.yaml:4:37: SL101 512 -> 256",
        "Fixed model.yaml:5:1: SL103 added output_dim: 256, 64 -> 128",
        "Fixed model.yaml:7:3: SL904 removed # shapelint: ignore[SL101]",
    ]
    verdict = "Fixed 3 findings. All clear: 1 model in 1 file fits.\n"
    assert render(REPORTS["clear"], "text", RenderOptions(fixed=CHANGES)) == "\n".join([*lines, "", verdict])
    assert render(REPORTS["clear"], "concise", RenderOptions(fixed=CHANGES)) == "\n".join([*lines, verdict])
    assert render(REPORTS["clear"], "concise", RenderOptions(fixed=CHANGES, quiet=True)).strip() == ""


@pytest.mark.parametrize("output_format", ["json", "sarif", "gitlab", "junit"])
def test_formats_for_programs_do_not_list_fixes(output_format: str) -> None:
    report = REPORTS["clear"]
    assert render(report, output_format, RenderOptions(fixed=CHANGES)) == render(report, output_format, RenderOptions())


def test_a_file_with_an_unresolved_component_is_never_called_clear() -> None:
    other = MIXED.files[3]
    silenced = Report((type(other)(other.path, other.status, other.models),))
    assert render(silenced, "text").splitlines()[0] == "Nothing wrong in 5 of 6 links; 1 could not be checked:"


def test_notes_and_helps() -> None:
    fix = Fix("use 256", (Edit(at(1, 9, 12), "256"),), False, (AlternativeFix("use 512", ()),))
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


def test_colour_adds_nothing_but_escapes() -> None:
    colours = re.compile(r"\x1b\[[0-9;]*m")
    for name in ("text", "concise"):
        for report in REPORTS.values():
            coloured = render(report, name, RenderOptions(colour=True))
            stripped = "\n".join(line.rstrip() for line in colours.sub("", coloured).split("\n"))
            assert stripped == "\n".join(line.rstrip() for line in render(report, name).split("\n"))
    assert "\x1b[1;31merror[SL101]\x1b[0m" in render(SEED, "text", RenderOptions(colour=True))


def test_characters_missing_in_the_encoding_are_escaped_and_carets_stay() -> None:
    report = report_of("頭: é 512\n", finding(at(1, 6, 9), message="頭 expects é"))
    rendered = render(report, "text", RenderOptions(encoding="cp1252"))
    assert rendered.encode("cp1252").decode("cp1252").split("\n")[:5] == [
        "error[SL101]: \\u982d expects é",
        "  --> model.yaml:1:6",
        "   |",
        " 1 | \\u982d: é 512",
        "   |           ^^^ primary",
    ]


def test_nasty_text_shows_no_raw_control_characters() -> None:
    for name in ("text", "concise"):
        rendered = render(NASTY_REPORT, name)
        assert {character for character in rendered if not character.isprintable()} == {"\n"}


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
def test_any_place_in_any_text_renders(text: str, places: list[Location]) -> None:
    one = finding(places[0], [(place, "related") for place in places[1:]])
    rendered = render(report_of(text, one), "text")
    assert all(f"--> {place.path}:" in rendered for place in places)
    assert {character for character in rendered if not character.isprintable()} <= {"\n"}


def test_the_seed_spans_are_the_numbers() -> None:
    """The examples themselves: the spans that the snapshots above are built on."""
    assert SEED.findings[0].location == at(4, 37, 40)
    assert SEED.findings[0].related == (Related(at(3, 47, 50), "backbone produces (B, 256)"),)
    assert SEED_TEXT.split("\n")[3][36:39] == "512"
