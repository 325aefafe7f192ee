"""A sample of `benchmarks/catalogue.py`: verdicts compared with real training, for every method."""

from __future__ import annotations

import re
import warnings
from random import Random

import pytest

pytest.importorskip("torch")
pytest.importorskip("lightly")

from catalogue import compare, verdict
from changes import BY_METHOD, CHANGES
from makers import METHODS, Maker
from recipes import recipes
from training import train

from shapelint.linting.analyse import analyse
from shapelint.resolve.options import Options
from shapelint.text.source import Source

SEED = 20261124
MODELS = 280


@pytest.fixture(autouse=True)
def quiet():
    """Ignore torch's own warnings about some broadcasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_every_verdict_agrees_with_training() -> None:
    found = []
    for name, recipe in recipes(MODELS, SEED):
        said = verdict(recipe)
        text = compare(recipe, said).disagreement
        found += [f"{recipe.method}, {name}: {text}\n{recipe.config()}"] if text else []
        assert name != "nothing" or not (said.loud | said.silent), recipe.config()
    assert found == []


def test_the_sample_has_every_method_and_most_changes() -> None:
    drawn = [(name, recipe.method) for name, recipe in recipes(MODELS, SEED)]
    assert {method for _, method in drawn} == set(METHODS)
    assert len({name for name, _ in drawn}) > 0.6 * len(CHANGES)
    assert set(CHANGES) == {name for names in BY_METHOD.values() for name in names}


def test_numbers_in_a_message_are_the_measured_ones() -> None:
    """The shape that a broadcast gives, and the two shapes of an update that broadcasts."""
    checked = {"SL207": 0, "SL208": 0}
    for _, recipe in recipes(700, SEED):
        silent = verdict(recipe).silent & set(checked)
        if not silent or train(recipe).error is not None:
            continue
        measured = compare(recipe, verdict(recipe)).measured
        (model,) = analyse(Source("model.yaml", recipe.config()), Options()).models
        for violation in model.violations:
            code = violation.rule.page.code
            if code not in measured or code not in checked:
                continue
            message = re.sub(r"\bB\b", str(recipe.batch), violation.message)
            for shape in re.findall(r"\(\d+(?:, \d+)*,?\)", measured[code]):
                assert shape in message
            checked[code] += 1
    assert min(checked.values()) > 0


def test_a_wrong_verdict_would_be_noticed() -> None:
    """The comparison itself can fail: in both directions, and for the rules for silent faults."""
    maker = Maker(Random(SEED), "byol")
    right = maker.right()
    wide, one = (CHANGES[name][0](maker, right) for name in ("head input", "prediction output 1"))
    assert compare(right, verdict(wide)).disagreement.startswith("runs, but has SL101")
    assert compare(wide, verdict(right)).disagreement.startswith("raises: ")
    assert "SL207 was missed" in compare(one, verdict(right)).disagreement
    assert "SL207 is not measured" in compare(right, verdict(one)).disagreement
