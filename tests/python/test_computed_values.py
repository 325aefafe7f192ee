"""Every number of the table is what Python computes, is believed where it is right, and found where it is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.python.computed_values import COMPUTED
from tests.python.test_changed_values import RIGHT, _script
from tests.python.test_features import WRONG, serious

BACKBONE = "def build():\n    net = torchvision.models.resnet18()\n    net.fc = nn.Identity()\n    return net\n"


def _number(name: str, width: int) -> tuple[str, str]:
    """Return the code before the model and the expression, with a width filled in."""
    setup, expression, _ = COMPUTED[name]
    return setup.replace("{W}", str(width)) + "\n", expression.replace("{W}", str(width))


def _with_number(name: str, width: int) -> str:
    setup, expression = _number(name, width)
    return _script(setup + BACKBONE, expression)


@pytest.mark.parametrize("name", COMPUTED)
def test_python_computes_each_number(name: str) -> None:
    setup, expression = _number(name, RIGHT)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(setup, name, "exec", dont_inherit=True), names)
    assert eval(expression, names) == RIGHT


@pytest.mark.parametrize("name", COMPUTED)
def test_a_number_that_fits_is_not_reported(name: str) -> None:
    assert serious(_with_number(name, RIGHT)) == []


@pytest.mark.parametrize("name", COMPUTED)
def test_a_number_that_does_not_fit_is_found_if_it_is_followed(name: str) -> None:
    found = [(finding.code, finding.expected, finding.actual) for finding in serious(_with_number(name, WRONG + 1))]
    assert found == ([("SL101", WRONG + 1, RIGHT)] if COMPUTED[name][2] else [])
