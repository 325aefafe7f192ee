"""The edges of a target that was built separately: those with a part of its own are reported, and no others."""

from __future__ import annotations

import pytest

from shapelint.linting.analyse import analyse
from shapelint.resolve.options import Options
from shapelint.text.source import Source

INSIDE = """\
method: byol
backbone: [Flatten(), Linear(3072, 64), Linear(32, 16)]
input: [3, 32, 32]
projection_head: [Linear(16, 16)]
prediction_head: Linear(16, 16)
"""
ONLINE = [("SL204", "backbone"), ("SL104", "backbone")]


@pytest.mark.parametrize(
    ("target", "reported"),
    [
        ("", []),
        ("target: {projection_head: 'Linear(16, 16)'}\n", []),
        ("target: {projection_head: 'Linear(12, 16)'}\n", [("SL108", "projection_head"), ("SL101", "projection_head")]),
        ("target: {backbone: [Flatten(), 'Linear(3072, 64)', 'Linear(32, 16)']}\n", ONLINE),
        ("target: {projection_head: 'Linear(16, 16, widht=1)'}\n", [("SL902", "projection_head")]),
        (
            "target: {projection_head: [my.Block(), 'Linear(16, 12)', 'Linear(11, 16)']}\n",
            [("SL104", "projection_head")],  # the layers behind one that is not resolved are compared, too
        ),
        (
            "target: {backbone: [Flatten(), 'Linear(3072, 12)']}\n",
            [("SL108", "backbone"), ("SL204", "backbone"), ("SL101", "projection_head")],
        ),
    ],
)
def test_of_a_target_only_what_has_a_part_of_its_own_is_reported(target: str, reported: list[tuple[str, str]]) -> None:
    (model,) = analyse(Source("model.yaml", INSIDE + target), Options()).models
    found = [(one.key[0], one.role) for one in model.violations]
    assert found == ONLINE + reported
    own = [one for one in model.violations[2:] if one.key[0] != "SL902"]  # what is of no edge has another key
    assert [one.key[1] for one in own] == ["target"] * len(own)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{projection_head: 'Linear(12, 16)'}", "the target's projection_head expects 12 features, but the target's"),
        (
            "{projection_head: ['Linear(16, 9)', 'Linear(8, 16)']}",
            "projection_head layer 1 (Linear) expects 8, but Linear before it produces 9",
        ),
    ],
)
def test_the_parts_of_a_target_are_named_as_such(target: str, message: str) -> None:
    text = INSIDE.replace("Linear(32, 16)", "Linear(64, 16)") + f"target: {target}\n"
    (model,) = analyse(Source("model.yaml", text), Options()).models
    (found,) = (one.message for one in model.violations if one.key[0] in ("SL101", "SL104"))
    assert found.startswith(message)
