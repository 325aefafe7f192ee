"""Reports to render: the seed case, and unusual content of a file."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.report import RenderOptions, render
from shapelint.spec.findings import (
    AlternativeFix,
    Edit,
    FileReport,
    Finding,
    Fix,
    LinkReport,
    ModelReport,
    Related,
    Report,
    UncheckedLink,
)
from shapelint.text.location import Location

SEED_TEXT = """\
# lightly 1589
method: byol
backbone: {target: yolov8n.Backbone, out_dim: 256}
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""

NASTY = (
    "a\tb\r\nc\x1b[31m\u202ed\u2028|`<b>&\"'%:,;]]>::error::{x}[y](z)*_\\#$~"
    "\x00\x85\ufeff\udc80\uffff ü 漢 \U0001f600 e\u0301"
)
"""Text with everything that has a special meaning in a terminal, a log, a table, XML, JSON, a URI, or Mermaid."""


def at(line: int, column: int, end_column: int, path: str = "model.yaml", end_line: int | None = None) -> Location:
    """Return a location, on one line unless `end_line` is given."""
    return Location(path, line, column, end_line or line, end_column)


def locate(text: str, part: str, path: str = "model.yaml") -> Location:
    """Return the location of the first occurrence of a part of a text."""
    before = text[: text.index(part)].split("\n")
    inside = part.split("\n")
    column = len(before[-1]) + 1
    end_column = column + len(part) if len(inside) == 1 else len(inside[-1]) + 1
    return Location(path, len(before), column, len(before) + len(inside) - 1, end_column)


def finding(location: Location, related: Sequence[tuple[Location, str]] = (), **more: object) -> Finding:
    """Return a finding of SL101 with short texts."""
    fields: dict[str, object] = {
        "code": "SL101",
        "name": "feature-width-mismatch",
        "severity": "error",
        "message": "head expects 512 features, but backbone produces 256",
        "label": "primary",
        "related": tuple(Related(*place) for place in related),
    }
    return Finding(location=location, **{**fields, **more})  # type: ignore[arg-type]


def report_of(text: str, *findings: Finding) -> Report:
    """Return a report on one file without models."""
    return Report((FileReport("model.yaml", "checked", findings=findings, text=text),))


HEADS = "a: Head(512, 1024, 256)\n"
"""A text for findings of which only the layout matters."""


def body(text: str, location: Location, *related: tuple[Location, str], width: int = 120, **more: object) -> str:
    """Return the block of one finding, without the closing lines and white space at line ends."""
    rendered = render(report_of(text, finding(location, related, **more)), "text", RenderOptions(width=width))
    return rendered.rpartition("\n\n")[0]


UNSEEN = Location("other.yaml", 12, 11, 12, 17)


def model(name: str = "model", fits: bool = False) -> ModelReport:
    """Return the chain of the seed case, as it is or repaired."""
    return ModelReport(
        name,
        "byol",
        (
            LinkReport("backbone", "yolov8n.Backbone", ["B", 3, "H", "W"], ["B", 256], "declared"),
            LinkReport("projection_head", "BYOLProjectionHead", ["B", 256], ["B", 256], "stored", broken=not fits),
            LinkReport("prediction_head", "BYOLPredictionHead", ["B", 256], ["B", 256], "stored"),
        ),
        links=4,
    )


SEED_FINDING = Finding(
    code="SL101",
    name="feature-width-mismatch",
    severity="error",
    message="projection_head expects 512 features, but backbone produces 256",
    location=locate(SEED_TEXT, "512"),
    label="projection_head accepts (B, 512)",
    model="model",
    role="projection_head",
    expected=512,
    actual=256,
    related=(Related(locate(SEED_TEXT, "256"), "backbone produces (B, 256)"),),
    notes=('training would stop with "mat1 and mat2 shapes cannot be multiplied (Bx256 and 512x1024)"',),
    fix=Fix("use BYOLProjectionHead(256, 1024, 256)", (Edit(locate(SEED_TEXT, "512"), "256"),), safe=True),
)

SEED = Report((FileReport("model.yaml", "checked", (model(),), (SEED_FINDING,), SEED_TEXT),))

UNSAFE_FINDING = Finding(
    code="SL101",
    name="feature-width-mismatch",
    severity="warning",
    message="prediction_head expects 128 features, but projection_head produces 256",
    location=at(9, 5, 8, "other.yaml"),
    model="second",
    role="prediction_head",
    expected=128,
    actual=256,
    fix=Fix(
        "use 256",
        (Edit(at(9, 5, 8, "other.yaml"), "256"),),
        safe=False,
        alternatives=(AlternativeFix("use 128 before it", (Edit(at(8, 5, 8, "other.yaml"), "128"),)),),
    ),
)

UNRESOLVED = Finding(
    code="SL901",
    name="unresolved-component",
    severity="info",
    message="backbone my.Net could not be resolved",
    location=at(3, 1, 7, "other.yaml"),
    model="third",
    role="backbone",
    help="trust the package my to have it traced",
)

MIXED = Report(
    (
        FileReport("bad.yaml", "unreadable", problem="not UTF-8: byte 0xff at offset 3"),
        FileReport("empty.yaml", "no-model", problem="no model recognised"),
        FileReport("model.yaml", "checked", (model(),), (SEED_FINDING,), SEED_TEXT),
        FileReport(
            "other.yaml",
            "checked",
            (
                model("second", fits=True),
                ModelReport(
                    "third",
                    "simsiam",
                    (LinkReport("backbone", "my.Net", None, None, "unknown"),),
                    unknown=1,
                    links=2,
                    unchecked=(
                        UncheckedLink("backbone", "my.Net is not known", '"my.Net" = "B 3 H W -> B ..."', UNSEEN),
                    ),
                ),
            ),
            (UNSAFE_FINDING, UNRESOLVED),
        ),
        FileReport("passed-over.yaml", "no-model"),
    ),
    skipped=4,
)
"""Every status, severity and kind of fix in one report."""

NASTY_FINDING = finding(
    Location(NASTY, 1, 2, 2, 3),
    [(at(1, 1, 4, NASTY), NASTY), (at(3, 1, 2, "b/" + NASTY), NASTY)],
    message=NASTY,
    label=NASTY,
    model=NASTY,
    role=NASTY,
    expected=NASTY,
    actual=[NASTY, 3],
    notes=(NASTY, "two\nlines"),
    help=NASTY,
    fix=Fix(NASTY, (Edit(at(1, 2, 3, NASTY), NASTY),), safe=True, alternatives=(AlternativeFix(NASTY, ()),)),
)

NASTY_REPORT = Report(
    (
        FileReport(
            NASTY,
            "checked",
            (
                ModelReport(
                    NASTY,
                    NASTY,
                    (LinkReport(NASTY, NASTY, [["B", NASTY]], None, "unknown"),),
                    links=1,
                    unchecked=(UncheckedLink(NASTY, NASTY, NASTY, Location(NASTY, 1, 1, 1, 2)),),
                ),
            ),
            (NASTY_FINDING, NASTY_FINDING),
            text=NASTY * 30 + "\n" + NASTY,
        ),
        FileReport("b/" + NASTY, "unreadable", problem=NASTY),
    ),
)

REPORTS = {
    "nothing": Report(),
    "skipped": Report(skipped=3),
    "clear": Report((FileReport("model.yaml", "checked", (model(fits=True),)),)),
    "seed": SEED,
    "mixed": MIXED,
    "nasty": NASTY_REPORT,
}
