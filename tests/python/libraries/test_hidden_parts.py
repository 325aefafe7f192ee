"""After an unknown change to a container, its contents are unknown: nothing is concluded from what is left."""

from __future__ import annotations

import pytest

from shapelint.python.objects import strings
from shapelint.python.state.values import UNKNOWN, Const
from tests.python.features import model
from tests.python.test_features import serious

HEAD = "self.projection_head = BYOLProjectionHead(777, 1024, 256)"
SEQUENCE = "self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1))\n"
LIST = "self.backbone = nn.ModuleList([nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1)])\n"
LOOP = "for part in self.backbone:\n    x = part(x)\nreturn self.projection_head(x.flatten(1))"

HIDDEN = {
    "a layer under an unknown name": (SEQUENCE + "self.backbone.add_module(name, other)\n" + HEAD, ""),
    "a layer at an unknown place": (SEQUENCE + "self.backbone[place] = nn.Conv2d(3, 777, 3)\n" + HEAD, ""),
    "a method that is not known": (LIST + "self.backbone.shuffle()\n" + HEAD, LOOP),
    "a layer that is put in between": (LIST + "self.backbone.insert(1, nn.Conv2d(96, 777, 3))\n" + HEAD, LOOP),
    "an element at an unknown place": (
        "widths = [3, 96]\nwidths[place] = 777\nself.backbone = nn.Sequential(nn.Conv2d(3, widths[1], 3), "
        "nn.AdaptiveAvgPool2d(1))\n" + HEAD,
        "",
    ),
}
FILLED = """class Filled(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 96, 3)
        setattr(self, name, nn.Conv2d(96, 777, 3))

    def forward(self, x):
        for child in self.children():
            x = child(x)
        return x.mean((2, 3))
"""


@pytest.mark.parametrize("case", HIDDEN)
def test_changes_that_cannot_be_followed_give_unknown(case: str) -> None:
    init, forward = HIDDEN[case]
    assert serious(model(init, forward) if forward else model(init)) == []


@pytest.mark.parametrize("case", ["SEQUENCE", "LIST"])
def test_the_fault_is_found_without_the_change(case: str) -> None:
    code = model(SEQUENCE + HEAD) if case == "SEQUENCE" else model(LIST + HEAD, LOOP)
    assert [finding.code for finding in serious(code)] == ["SL101"]


def test_children_with_unknown_names_make_all_children_unknown() -> None:
    init = "self.backbone = Filled()\n" + HEAD
    assert serious(model(init, "return self.projection_head(self.backbone(x))", FILLED)) == []
    shown = FILLED.replace("        setattr(self, name, nn.Conv2d(96, 777, 3))\n", "")
    assert [f.code for f in serious(model(init, "return self.projection_head(self.backbone(x))", shown))] == ["SL101"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (strings.percent("layer%d_%s", [Const(3), Const("a")]), Const("layer3_a")),
        (strings.percent("%9999999d", [Const(3)]), UNKNOWN),
        (strings.percent("%d", [Const("a")]), UNKNOWN),
        (strings.percent("100%", []), UNKNOWN),
        (strings.percent("%d", [UNKNOWN]), UNKNOWN),
        (strings.call_method(Const("{}-{}"), "format", [Const(1), Const("b")]), Const("1-b")),
        (strings.call_method(Const("{1}{0}"), "format", [Const(1), Const(2)]), Const("21")),
        (strings.call_method(Const("{:>9999999}"), "format", [Const(1)]), UNKNOWN),
        (strings.call_method(Const("{0.real}"), "format", [Const(1)]), UNKNOWN),
        (strings.call_method(Const("{}"), "format", []), UNKNOWN),
    ],
)
def test_numbers_are_formatted_into_strings(value: object, expected: object) -> None:
    assert value == expected
