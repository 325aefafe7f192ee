"""Which tensors a component holds: all of them, or as far as its parts say, and then which of them are sure."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from made_parts import called, listed, made, unknown

from shapelint.chain import tensors
from shapelint.chain.tensors import Holdings
from shapelint.common.frozen import replace
from shapelint.shapes import signatures

NORM, LINEAR = "torch.nn.BatchNorm1d: B 8 -> B 8", "torch.nn.Linear: B {} -> B {}"
MLP = {"0": LINEAR.format(6, 8), "1": NORM, "2": "torch.nn.ReLU: B 8 -> B 8", "3": LINEAR.format(8, 4)}
STATISTICS = {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
ALL = {"0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias", *STATISTICS}


def of_parts(parts: Mapping[str, str], weights: int | str) -> Holdings:
    component = made("B 6 -> B 4", parts=dict(parts))
    assert component.row is not None
    return tensors.held_by(replace(component, row=component.row.changed(weights=weights)))


@pytest.mark.parametrize(
    ("weights", "lacking"),
    [
        (48 + 8 + 16 + 32 + 4, set()),
        (48 + 16 + 32 + 4, {"0.bias"}),
        (48 + 16 + 32, {"0.bias", "3.bias"}),
    ],
)
def test_the_number_of_weights_says_which_biases_there_are(weights: int, lacking: set[str]) -> None:
    found = of_parts(MLP, weights)
    assert found.complete
    assert {tensor.name for tensor in found.tensors} == ALL - lacking
    assert all(tensor.certain for tensor in found.tensors)
    assert {tensor.name for tensor in found.learned} == ALL - lacking - STATISTICS


def test_a_last_norm_may_have_no_weights_of_its_own() -> None:
    parts = {"0": LINEAR.format(6, 8), "1": NORM}
    for weights, lacking in (
        (48 + 8 + 16, set()),
        (48, {"0.bias", "1.weight", "1.bias"}),
        (56, {"1.weight", "1.bias"}),
    ):
        found = of_parts(parts, weights)
        assert found.complete
        assert {tensor.name for tensor in found.tensors} == {
            "0.weight",
            "0.bias",
            "1.weight",
            "1.bias",
            *STATISTICS,
        } - lacking


def test_only_a_layer_in_front_of_a_norm_lacks_its_bias_alone() -> None:
    plain = {"a": LINEAR.format(6, 8), "b": LINEAR.format(8, 4)}
    assert of_parts(plain, 48 + 8 + 32 + 4).complete
    assert of_parts(plain, 48 + 32).complete
    for unusual in (48 + 32 + 4, 48 + 8 + 32, 48 + 8):
        assert not of_parts(plain, unusual).complete


@pytest.mark.parametrize("weights", [107, ""])
def test_where_no_choice_has_that_many_weights_biases_and_norms_are_in_doubt(weights: int | str) -> None:
    found = of_parts(MLP, weights)
    assert not found.complete
    assert {tensor.name for tensor in found.tensors} == ALL
    assert {tensor.name for tensor in found.tensors if tensor.certain} == {"0.weight", "3.weight"}


def test_a_weight_of_a_layer_norm_is_sure_but_of_a_kernel_only_the_channels_are() -> None:
    found = of_parts({"a": "torch.nn.Conv2d: B 3 H W -> B 8 H W", "b": "torch.nn.LayerNorm: B 8 -> B 8"}, 240)
    assert not found.complete  # the kernel is not known, and so not how many weights it has
    assert [(tensor.name, signatures.format_shape(tensor.shape), tensor.certain) for tensor in found.tensors] == [
        ("a.weight", "(8, ?, ?, ?)", True),
        ("a.bias", "(8,)", False),
        ("b.weight", "(8,)", True),
        ("b.bias", "(8,)", True),
    ]


@pytest.mark.parametrize(
    ("part", "complete"),
    [
        ({"9": "torch.nn.Dropout: B 4 -> B 4"}, True),
        ({"9": "lab.Own: B 4 -> B 4"}, False),
        ({"9": "lab.Own: B 4 -> B 4", "9.0": "torch.nn.ReLU: B 4 -> B 4"}, True),
        ({"9": "lab.Own: B 4 -> B 4", "90.0": "torch.nn.ReLU: B 4 -> B 4"}, False),
    ],
)
def test_a_part_that_may_have_weights_of_its_own_leaves_the_list_open(part: dict[str, str], complete: bool) -> None:
    assert of_parts({**MLP, **part}, 108).complete is complete


def test_without_parts_nothing_is_known_unless_there_is_nothing() -> None:
    assert of_parts({}, 12) == Holdings((), False)
    assert of_parts({}, 0) == Holdings((), True)
    assert tensors.held_by(unknown()) == Holdings((), False)


def test_a_linear_layer_has_other_names_under_weight_norm() -> None:
    variants = of_parts(MLP, 108).variants
    assert ("3.weight_g", (4, 1)) in {(one.name, one.shape) for one in variants}
    assert ("0.parametrizations.weight.original1", (8, 6)) in {(one.name, one.shape) for one in variants}
    inside = tensors.held_by(listed(made("B 6 -> B 4", parts=MLP)))
    assert {one.name for one in inside.variants} == {f"0.{one.name}" for one in variants}


def test_a_list_of_layers_is_complete_if_all_of_them_are() -> None:
    known = called("Linear(4, 8)")
    whole = tensors.held_by(listed(known, called("BatchNorm1d(8)")))
    assert whole.complete
    assert [tensor.name for tensor in whole.learned] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert not tensors.held_by(listed(known, unknown())).complete
    assert [tensor.name for tensor in tensors.held_by(listed(known, unknown())).tensors] == ["0.weight", "0.bias"]


@pytest.mark.parametrize(
    ("call", "held"),
    [
        ("Linear(4, 8, bias=flag)", {"weight": True, "bias": False}),
        ("BatchNorm1d(8, affine=flag)", {"weight": False, "bias": False, "running_mean": True}),
        ("Conv3d(4, 8, 3, bias=flag)", {"weight": True, "bias": False}),
        ("GroupNorm(2, 8, affine=flag)", {"weight": False, "bias": False}),
    ],
)
def test_a_switch_whose_value_is_not_known_leaves_its_tensors_in_doubt(call: str, held: dict[str, bool]) -> None:
    component = called(call.replace("flag", "True"))
    switch = "affine" if "affine" in call else "bias"
    found = tensors.held_by(replace(component, values={**component.values, switch: "a variable"}))
    certain = {tensor.name: tensor.certain for tensor in found.tensors}
    assert {name: certain[name] for name in held} == held


@pytest.mark.parametrize(
    ("call", "name", "value", "shape"),
    [
        ("Conv2d(4, 8, (3, 5), groups=2)", "kernel_size", (3, 5), "(8, 2, 3, 5)"),
        ("Conv2d(4, 8, 3)", "kernel_size", (3, 5, 7), "(8, ?, ?, ?)"),
        ("Conv2d(4, 8, 3)", "kernel_size", ("k", 3), "(8, ?, ?, ?)"),
        ("Conv2d(4, 8, 3)", "groups", 0, "(8, ?, ?, ?)"),
        ("Conv2d(4, 8, 3)", "groups", "a variable", "(8, ?, ?, ?)"),
        ("Conv2d(4, 8, 3)", "in_channels", None, "(8, ?, ?, ?)"),
        ("Conv1d(4, 8, 3, groups=4)", "groups", 4, "(8, 1, 3)"),
    ],
)
def test_the_axes_of_a_kernel_are_known_if_its_arguments_are(call: str, name: str, value: object, shape: str) -> None:
    component = called(call)
    found = tensors.held_by(replace(component, values={**component.values, name: value}))
    assert {tensor.name: signatures.format_shape(tensor.shape) for tensor in found.tensors} == {
        "weight": shape, "bias": "(8,)"
    }  # fmt: skip


def test_a_norm_of_maps_is_in_doubt_as_that_of_vectors_is() -> None:
    parts = {"a": "torch.nn.Conv2d: B 3 H W -> B 8 H W", "b": "torch.nn.BatchNorm2d: B 8 H W -> B 8 H W"}
    found = of_parts(parts, 300)
    assert {tensor.name for tensor in found.tensors if tensor.certain} == {"a.weight"}


def test_a_layer_whose_arguments_do_not_say_what_it_holds_is_left_open() -> None:
    attention = called("MultiheadAttention(8, 2)")
    assert tensors.held_by(attention).complete
    unsaid = {name: value for name, value in attention.values.items() if name != "kdim"}
    assert tensors.held_by(replace(attention, values=unsaid)) == Holdings((), False)
    assert tensors.held_by(replace(attention, values={**attention.values, "kdim": 6})) == Holdings((), False)
