"""Which other places of a program a finding shows: what decided the axes that are in conflict, and nothing else."""

from __future__ import annotations

from itertools import permutations

import pytest

from shapelint.chain.chain import Origin
from shapelint.judge.occasions import steps_of
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.spec import Step
from shapelint.text.source import Source, Span

PROGRAM = """\
import torch
from torch import nn


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 64, 4, 4)
        self.projection_head = {projection}
        self.prediction_head = nn.Linear(64, {width})
        self.criterion = nn.MSELoss()

    def forward(self, x):
        h = self.backbone(x)
        h = {taken}
        z = self.projection_head(h)
        p = self.prediction_head(z)
        return self.criterion(p, z)


SimSiam()(torch.randn(2, 3, 32, 32))
"""


def shown(taken: str, projection: str = "nn.Linear(64, 64)", width: int = 64) -> tuple[str, list[str]]:
    """Return the code of the one finding of a program, and the texts at its other places."""
    text = PROGRAM.format(taken=taken, projection=projection, width=width)
    (finding,) = lint_text(Source("train.py", text), Settings(isolated=True)).findings
    places = [one.location for one in finding.related]
    return finding.code, [text.splitlines()[one.line - 1][one.column - 1 : one.end_column - 1] for one in places]


def test_a_conflict_of_widths_shows_what_moved_the_width_but_not_what_cut_the_tokens() -> None:
    tokens = "h.flatten(2).transpose(1, 2)[:, 1:]"
    assert shown(tokens, "nn.Linear(48, 64)") == ("SL101", ["self.backbone(x)", "transpose(1, 2)"])
    assert shown(tokens, width=48) == ("SL103", ["64"])


def test_a_conflict_of_the_number_of_axes_shows_what_was_done_to_any_axis() -> None:
    tokens = "h.flatten(2).transpose(1, 2)[:, 1:]"
    expected = ["self.backbone(x)", "[:, 1:]", "transpose(1, 2)", "flatten(2)"]
    assert shown(tokens, "nn.BatchNorm1d(64)") == ("SL102", expected)


@pytest.mark.parametrize(
    ("taken", "place"),
    [
        ("h.mean((2, 3))", "64"),
        ("h.flatten(2).transpose(1, 2)", "self.backbone(x)"),
        ("h.permute(0, 2, 3, 1)", "self.backbone(x)"),
    ],
)
def test_the_width_of_tokens_is_shown_at_the_call_that_made_them_and_that_of_a_vector_at_its_number(
    taken: str, place: str
) -> None:
    assert shown(taken, "nn.Linear(48, 64)")[1][0] == place


def test_the_channels_of_a_map_are_shown_at_their_number() -> None:
    pooled = "nn.Conv2d(48, 64, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()"
    assert shown("h", f"nn.Sequential({pooled})")[1][0] == "64"


@pytest.mark.parametrize(("taken", "codes"), [("h", ["SL205"]), ("h[:, 1:]", [])])
def test_axes_that_a_program_arranges_are_meant(taken: str, codes: list[str]) -> None:
    text = PROGRAM.format(taken=taken, projection="nn.Linear(64, 64)", width=64)
    text = text.replace("nn.Conv2d(3, 64, 4, 4)", "nn.Sequential(nn.Conv2d(3, 64, 4, 4), nn.Flatten(2))")
    found = lint_text(Source("train.py", text), Settings(isolated=True)).findings
    assert [one.code for one in found] == codes


def test_a_norm_that_takes_tokens_for_channels_stops_in_the_words_of_torch() -> None:
    torch = pytest.importorskip("torch")
    layers = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.BatchNorm1d(64))
    with pytest.raises(RuntimeError) as raised:
        layers(torch.ones(2, 63, 64))
    text = PROGRAM.format(
        taken="h.flatten(2).transpose(1, 2)[:, 1:]",
        projection="nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64))", width=64,
    )  # fmt: skip
    (finding,) = lint_text(Source("train.py", text), Settings(isolated=True)).findings
    assert finding.notes == (f'training would stop with "{raised.value}"',)


def test_a_number_in_place_of_an_expression_is_no_safe_fix() -> None:
    text = PROGRAM.format(taken="h.mean((2, 3))", projection="nn.Linear(WIDTH * 2, 64)", width=64)
    for constant in ("32", "16"):
        found = lint_text(Source("train.py", f"WIDTH = {constant}\n{text}"), Settings(isolated=True)).findings
        assert [(one.code, one.fix is not None and one.fix.safe) for one in found] == (
            [] if constant == "32" else [("SL101", False)]
        )


ONE, TWO, THREE = (Step(Span(place, place + 1), "") for place in range(3))


@pytest.mark.parametrize(
    ("lists", "merged"),
    [
        ([[ONE, TWO, THREE]], [ONE, TWO, THREE]),
        ([[ONE], [TWO], [THREE]], [ONE, TWO, THREE]),
        ([[ONE, THREE], [TWO]], [ONE, TWO, THREE]),
        ([[ONE, TWO], [TWO, THREE]], [ONE, TWO, THREE]),
        ([[TWO, THREE], [ONE, THREE], [ONE, TWO]], [ONE, TWO, THREE]),
        ([[ONE, TWO], [TWO, ONE]], [ONE, TWO]),  # the first one counts where they contradict each other
        ([[TWO, ONE], [ONE, TWO], [THREE]], [THREE, TWO, ONE]),
        ([[ONE, ONE, TWO]], [ONE, TWO]),
    ],
)
def test_steps_of_several_axes_keep_the_order_of_each(lists: list[list[Step]], merged: list[Step]) -> None:
    origins = [None, *(Origin("input", steps=tuple(steps)) for steps in lists), Origin("input")]
    assert list(steps_of(origins, by_width=False)) == merged


def test_steps_that_leave_a_width_are_not_shown_of_one() -> None:
    minor = Step(Span(5, 6), "", minor=True)
    for steps in permutations((ONE, minor, TWO)):
        origin = Origin("input", steps=steps)
        assert steps_of([origin], by_width=False) == steps
        assert steps_of([origin], by_width=True) == tuple(step for step in steps if step is not minor)
