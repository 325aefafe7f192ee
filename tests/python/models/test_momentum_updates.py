"""Moving averages that go the wrong way, as people write them; what its names do not show is not reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

MODEL = """
import copy
import torch
from lightly.models.utils import update_momentum
from torch import nn


class DINO(nn.Module):
    def __init__(self, m=0.9):
        super().__init__()
        self.m = m
        self.student = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(8, 6)
        self.teacher = copy.deepcopy(self.student)

    def forward(self, x):
        return self.projector(self.student(x))

    @torch.no_grad()
    def forward_target(self, x):
        return self.projector(self.teacher(x))

    @torch.no_grad()
    def update(self, m=0.9):
{}

model = DINO()
model(torch.randn(4, 3, 8, 8))
model.forward_target(torch.randn(4, 3, 8, 8))
with torch.no_grad():
    model.student[0].weight += 1
before = model.teacher[0].weight.clone()
model.update()
moved = not torch.equal(before, model.teacher[0].weight)
"""
LOOP = "        for p, q in zip(self.{}.parameters(), self.{}.parameters()):\n            {}\n"
AVERAGE = "q.data = q.data * self.m + p.data * (1 - self.m)"
NAMED = LOOP.replace("p, q", "(_, p), (_, q)").replace("parameters", "named_parameters")
COPIED = "q.copy_(q * m + p * (1 - m))"
STATES = """        old, new = self.{}.state_dict(), self.{}.state_dict()
        for key in old:
            old[key] = old[key] * m + new[key] * (1 - m)
        self.{}.load_state_dict(old)
"""
MERGED = """        old = self.{}.state_dict()
        new = self.{}.state_dict()
        self.{}.load_state_dict({{key: m * old[key] + (1 - m) * new[key] for key in old}})
"""
BY_NAME = """        source = dict(self.{}.named_parameters())
        for name, q in self.{}.named_parameters():
            q.data.mul_(m).add_(source[name].data, alpha=1 - m)
"""
ITEMS = """        for key, q in self.{}.state_dict().items():
            q.copy_(m * q + (1 - m) * self.{}.state_dict()[key])
"""
CASES = {
    "lightly": ("        update_momentum(self.student, self.teacher, m)\n", True, False),
    "lightly, swapped": ("        update_momentum(self.teacher, self.student, m)\n", False, True),
    "lightly by keyword, swapped": (
        "        update_momentum(model_ema=self.student, model=self.teacher, m=m)\n",
        False,
        True,
    ),
    "lightly, decay above 1": ("        update_momentum(self.student, self.teacher, m=9.96)\n", True, True),
    "written out": (LOOP.format("student", "teacher", AVERAGE), True, False),
    "written out, swapped": (LOOP.format("teacher", "student", AVERAGE), False, True),
    "the other variable": (LOOP.format("teacher", "student", "p.data = p.data * m + q.data * (1 - m)"), True, False),
    "in place": (LOOP.format("student", "teacher", "q.data.mul_(m).add_(p.data, alpha=1 - m)"), True, False),
    "in place, swapped": (LOOP.format("student", "teacher", "p.data.mul_(m).add_(q.data, alpha=1 - m)"), False, True),
    "lerp": (LOOP.format("student", "teacher", "q.data.mul_(m).add_((1 - m) * p.detach().data)"), True, False),
    "copied average, swapped": (
        LOOP.format("teacher", "student", "q.data.copy_(q.data * m + p.data * (1 - m))"),
        False,
        True,
    ),
    "a copy is no average": (LOOP.format("teacher", "student", "q.data.copy_(p.data)"), False, False),
    "decay as a number": (LOOP.format("student", "teacher", "q.data = q.data * 1.9 + p.data * (1 - 1.9)"), True, True),
    "states": (STATES.format("teacher", "student", "teacher"), True, False),
    "states, swapped": (STATES.format("student", "teacher", "student"), False, True),
    "states that nobody loads": (
        STATES.format("student", "teacher", "student").rpartition("\n        self")[0] + "\n",
        False,
        False,
    ),
    "a dict of averages": (MERGED.format("teacher", "student", "teacher"), True, False),
    "a dict of averages, swapped": (MERGED.format("student", "teacher", "student"), False, True),
    "by the names of parameters": (BY_NAME.format("student", "teacher"), True, False),
    "by the names of parameters, swapped": (BY_NAME.format("teacher", "student"), False, True),
    "states in pairs, swapped": (
        LOOP.replace("parameters()", "state_dict().values()").format(
            "teacher", "student", "q.copy_(q * m + p * (1 - m))"
        ),
        False,
        True,
    ),
    "parameters with names, swapped": (
        LOOP.replace("p, q", "(_, p), (_, q)")
        .replace("parameters", "named_parameters")
        .format("teacher", "student", AVERAGE),
        False,
        True,
    ),
    "a state, item by item": (ITEMS.format("teacher", "student"), True, False),
    "a state, item by item, swapped": (ITEMS.format("student", "teacher"), False, True),
    "without the buffers": (LOOP.format("student", "teacher", AVERAGE), True, False),
}


@pytest.mark.parametrize("name", CASES)
def test_an_average_into_the_online_branch_leaves_the_target_as_it_is(name: str, tmp_path: Path) -> None:
    body, moves, wrong = CASES[name]
    text = MODEL.replace("{}", body)
    names: dict[str, object] = {}
    exec(text, names)
    assert names["moved"] == moves
    (tmp_path / "train.py").write_text(text)
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True)).files
    assert [finding.code for finding in report.findings] == (["SL214"] if wrong else [])


def test_an_attribute_with_an_impossible_decay_is_found(tmp_path: Path) -> None:
    text = MODEL.replace("{}", LOOP.format("student", "teacher", AVERAGE)).replace(
        "m=0.9):\n        super", "m=99.6):\n        super"
    )
    (tmp_path / "train.py").write_text(text)
    (finding,) = lint([tmp_path / "train.py"], Settings(isolated=True)).findings
    assert (finding.code, finding.message.split(", ")[0]) == ("SL214", "the decay of the moving average is 99.6")


def test_names_that_do_not_say_which_branch_is_the_target_are_not_judged(tmp_path: Path) -> None:
    text = MODEL.replace("{}", CASES["written out, swapped"][0]).replace("teacher", "net_b").replace("student", "net_a")
    (tmp_path / "train.py").write_text(text)
    assert lint([tmp_path / "train.py"], Settings(isolated=True)).findings == ()


ELSEWHERE = """
def average(online, target, m=0.9):
    for p, q in zip(online.parameters(), target.parameters()):
        q.data = q.data * m + p.data * (1 - m)


def foreach(theirs, ours, m):
    one, two = list(theirs.parameters()), list(ours.parameters())
    torch._foreach_mul_(one, m)
    torch._foreach_add_(one, two, alpha=1 - m)


class Mixer:
    def __init__(self, beta=0.9):
        self.beta = beta

    def moving_average(self, before, now):
        return before * self.beta + (1 - self.beta) * now


def mix(mixer, slow, fast):
    for now, before in zip(fast.parameters(), slow.parameters()):
        kept, fresh = before.data, now.data
        before.data = mixer.moving_average(kept, fresh)

"""
CALLS = {
    "by an object": ("mix(Mixer(), self.teacher, self.student)", True, []),
    "by an object, swapped": ("mix(Mixer(), self.student, self.teacher)", False, ["SL214"]),
    "a function": ("average(self.student, self.teacher)", True, []),
    "a function, swapped": ("average(self.teacher, self.student)", False, ["SL214"]),
    "by name": ("average(target=self.teacher, online=self.student)", True, []),
    "by name, swapped": ("average(target=self.student, online=self.teacher, m=m)", False, ["SL214"]),
    "a decay of its own": ("average(self.student, self.teacher, 1.5)", True, ["SL214"]),
    "lists of tensors": ("foreach(self.teacher, self.student, m)", True, []),
    "lists of tensors, swapped": ("foreach(self.student, self.teacher, m)", False, ["SL214"]),
    "lists written here, swapped": (
        "torch._foreach_lerp_(list(self.student.parameters()), list(self.teacher.parameters()), 0.1)",
        False,
        ["SL214"],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_average_in_a_function_is_judged_where_it_is_called(name: str, tmp_path: Path) -> None:
    call, moves, wrong = CALLS[name]
    text = MODEL.replace("{}", f"        {call}\n").replace("\n\nclass", f"{ELSEWHERE}\n\nclass", 1)
    names: dict[str, object] = {}
    exec(text, names)
    assert names["moved"] == moves
    (tmp_path / "train.py").write_text(text)
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True)).files
    assert [finding.code for finding in report.findings] == wrong
    lines = [text.splitlines()[finding.location.line - 1] for finding in report.findings]
    assert all(call in line for line in lines)


LOOSE = """
import copy
import torch
from lightly.models.utils import update_momentum
from torch import nn

encoder = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
projector = nn.Linear(8, 6)
encoder_m = copy.deepcopy(encoder)
tau = {tau}
z = projector(encoder(torch.randn(4, 3, 8, 8)))
with torch.no_grad():
    target = encoder_m(torch.randn(4, 3, 8, 8))
    encoder[0].weight += 1
before = encoder_m[0].weight.clone()
{update}
moved = not torch.equal(before, encoder_m[0].weight)
"""
WRITTEN = """with torch.no_grad():
    for p, q in zip(encoder.parameters(), encoder_m.parameters()):
        q.mul_(tau).add_(p, alpha=1 - tau)"""
SCRIPTS = {
    "a name with _m": ("update_momentum(encoder, encoder_m, m=tau)", "0.9", True, []),
    "a name with _m, swapped": ("update_momentum(encoder_m, encoder, m=tau)", "0.9", False, ["SL214"]),
    "a global decay": (WRITTEN, "0.95", True, []),
    "a global decay in percent": (WRITTEN, "95.0", True, ["SL214"]),
    "a global that is set again": (f"tau = 0.95\n{WRITTEN}", "95.0", True, []),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_averages_of_a_script_are_judged_by_its_names(name: str, tmp_path: Path) -> None:
    update, tau, moves, wrong = SCRIPTS[name]
    text = LOOSE.format(update=update, tau=tau)
    names: dict[str, object] = {}
    exec(text, names)
    assert names["moved"] == moves
    (tmp_path / "train.py").write_text(text)
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True)).files
    assert [finding.code for finding in report.findings] == wrong
