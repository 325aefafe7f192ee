"""`isinstance` of configs and plain values, compared with what Python and OmegaConf say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import Const, Unknown
from shapelint.resolve.options import Options
from shapelint.text.source import Source

PREAMBLE = """
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
import torch

@dataclass
class Part:
    target: str
    options: dict = field(default_factory=dict)

class Strange(type):
    def __instancecheck__(cls, value):
        return True

class Any(metaclass=Strange):
    pass


part = Part("torch.nn.Linear")
plain = {"width": 3}
"""
KNOWN = [
    "isinstance(plain, Part)",
    "isinstance(part, Part)",
    "isinstance([3], Part)",
    "isinstance('text', (Part, str))",
    "isinstance(plain, MutableMapping)",
    "isinstance(plain, dict)",
]
UNSURE = ["isinstance(plain, Any)", "isinstance(3, Any)"]


def answer(tmp_path: Path, question: str, preamble: str = PREAMBLE) -> Any:
    text = f"{preamble}\nbackbone = torch.nn.Linear(3, 3)\nanswer = {question}\n"
    _, scope = interpret(Source(str(tmp_path / "backbone.py"), text), Options())
    return scope.names["answer"]


@pytest.mark.parametrize("question", KNOWN)
def test_a_sure_answer_is_that_of_python(tmp_path: Path, question: str) -> None:
    names: dict[str, Any] = {"__name__": __name__}
    exec(PREAMBLE, names)
    assert answer(tmp_path, question) == Const(eval(question, names))


@pytest.mark.parametrize("question", UNSURE)
def test_a_class_that_decides_itself_is_not_answered_for(tmp_path: Path, question: str) -> None:
    assert isinstance(answer(tmp_path, question), Unknown)


def test_a_config_of_omegaconf_is_not_taken_for_a_dict(tmp_path: Path) -> None:
    made = "from omegaconf import OmegaConf, DictConfig\nimport torch\nconfig = OmegaConf.create({'width': 3})\n"
    assert isinstance(answer(tmp_path, "isinstance(config, dict)", made), Unknown)
    assert answer(tmp_path, "isinstance(config, DictConfig)", made) == Const(True)
    omegaconf = pytest.importorskip("omegaconf")
    assert not isinstance(omegaconf.OmegaConf.create({"width": 3}), dict)
