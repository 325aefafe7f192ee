"""The names, numbers and places that findings about edges are made of."""

from __future__ import annotations

import itertools

import pytest

from shapelint.chain.chain import Origin
from shapelint.judge import edge_facts
from shapelint.judge.joint_repair import _back
from shapelint.judge.repair import _around, _unshifted
from shapelint.judge.repair_moves import Move
from shapelint.judge.subjects.ends import patch_size
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source, Span


@pytest.mark.parametrize(
    ("axis", "rank", "counted"),
    [(0, None, "features"), (0, 2, "rows"), (1, 2, "features"), (1, 4, "features"), (2, 4, "entries on axis 2"),
     (3, 4, "features"), (0, 3, "rows"), (2, 3, "features")],
)  # fmt: skip
def test_what_an_axis_counts(axis: int, rank: int | None, counted: str) -> None:
    assert edge_facts._counted(axis, rank) == counted


def test_a_layer_of_two_inputs_says_both() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="input2"):
        torch.nn.Sequential(torch.nn.Linear(512, 64), torch.nn.Bilinear(64, 64, 32))(torch.ones(2, 512))
    text = "method: barlowtwins\nbackbone: resnet18\nprojection_head: {}\n"
    for head, words in [
        ("[Linear(512, 64), Bilinear(64, 64, 32)]", "(Bilinear) expects (B, 64) and (B, 64), but Linear"),
        ("Bilinear(512, 64, 32)", "projection_head needs (B, 512) and (B, 64), but backbone"),
    ]:
        (finding,) = lint_text(Source("model.yaml", text.format(head)), Settings(isolated=True)).findings
        assert words in finding.message


def test_the_names_in_a_condition() -> None:
    assert edge_facts.words("(B*h)*w > 1") == {"B", "h", "w", ">", "1"}
    assert edge_facts.words("H % 16 == 0") == {"H", "%", "16", "==", "0"}


def test_the_name_of_an_origin() -> None:
    assert edge_facts.origin_name(Origin("input"), inside=True) == "the input"
    assert edge_facts.origin_name(Origin("backbone"), inside=False) == "backbone"
    assert edge_facts.origin_name(Origin(""), inside=False) == "the code"


@pytest.mark.parametrize(
    ("image", "tokens", "side"),
    [((224, 224), 197, 16), ((6, 6), 37, 1), ((224, 224), 5, None), ((224, "H"), 197, None)],
)
def test_the_side_of_patches(image: tuple[object, object], tokens: int, side: int | None) -> None:
    assert patch_size(image, tokens) == side


@pytest.mark.parametrize("size", ["height: 16", "width: 16", "channels: 3"])
def test_a_width_may_depend_on_one_side_of_the_image(size: str) -> None:
    text = (
        f"input: {{{size}}}\nbackbone: [Conv2d(3, 8, 3), Flatten()]\nprojection_head: BYOLProjectionHead(1568, 64, 8)\n"
    )
    found = lint_text(Source("model.yaml", text), Settings(isolated=True)).findings
    assert [finding.code for finding in found] == ["SL204"]


ORIGINAL = "abcdefghijklmnopqrstuvwxyz"
EDITS = [[(2, 4, "X"), (9, 10, "LONGER")], [(0, 1, "XY"), (1, 1, "Z"), (20, 26, "V")], [(5, 5, "NEW")], []]


@pytest.mark.parametrize("edits", EDITS)
def test_places_in_an_edited_text_are_found_in_the_original(edits: list[tuple[int, int, str]]) -> None:
    moves = [Move(Span(start, end), text) for start, end, text in edits]
    edited = ORIGINAL
    for start, end, text in sorted(edits, reverse=True):
        edited = edited[:start] + text + edited[end:]
    for start, end in itertools.combinations(range(len(edited) + 1), 2):
        place, whole = _unshifted(Span(start, end), moves), _around(Span(start, end), moves)
        if edited[start:end] in ORIGINAL:
            assert place is not None
            assert ORIGINAL[place.start : place.end] == ORIGINAL[whole.start : whole.end] == edited[start:end]
        else:
            assert place is None, f"{edited[start:end]} contains an edit"


@pytest.mark.parametrize(
    ("edit", "at", "place"),
    [
        ((5, 8, "NEW TEXT"), 4, 4),
        ((5, 8, "NEW TEXT"), 5, None),
        ((5, 8, "NEW TEXT"), 9, None),
        ((5, 8, "NEW TEXT"), 13, None),
        ((5, 8, "NEW TEXT"), 14, 9),
        ((5, 5, "NEW"), 5, 5),
        ((5, 5, "NEW"), 6, None),
        ((5, 5, "NEW"), 8, None),
        ((5, 5, "NEW"), 9, 6),
        ((5, 8, ""), 4, 4),
        ((5, 8, ""), 6, 9),
    ],
)
def test_nothing_is_inserted_next_to_what_an_earlier_edit_wrote(
    edit: tuple[int, int, str], at: int, place: int | None
) -> None:
    """Of two edits that touch, the second depends on the first; in front of an insertion there is room."""
    start, end, text = edit
    found = _unshifted(Span(at, at), [Move(Span(start, end), text)])
    assert found == (None if place is None else Span(place, place))


@pytest.mark.parametrize("edits", EDITS)
def test_places_after_several_edits_are_found_before_them(edits: list[tuple[int, int, str]]) -> None:
    moves = [Move(Span(start, end), text) for start, end, text in edits]
    edited = ORIGINAL
    for start, end, text in sorted(edits, reverse=True):
        edited = edited[:start] + text + edited[end:]
    for start, end in itertools.combinations(range(len(edited) + 1), 2):
        if edited[start:end] in ORIGINAL:
            place = _back(Span(start, end), moves)
            assert ORIGINAL[place.start : place.end].endswith(edited[start:end])
