"""A model wired to its method: branches, reshapes, the smallest batch, and the size that its backbone is asked at."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.chain import wiring
from shapelint.chain.chain import Chain
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import replace
from shapelint.knowledge import methods
from shapelint.knowledge.schema.method_packs import Reshape
from shapelint.linting.analyse import analyse
from shapelint.resolve import resolver
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.spec.spec import Argument, ComponentSpec, ModelSpec
from shapelint.text.source import Source, Span


def model(text: str) -> ModelSpec:
    (found,) = analyse(Source("model.yaml", text), Options()).models
    return found.model


def wired(text: str) -> Judged:
    found = model(text)
    return wiring.wire(found, methods.pack_or_open(found.method), found.input, Options())


def shown(chain: Chain | None) -> dict[str, str]:
    assert chain is not None
    return {link.role: signatures.format_shape(link.outgoing.value) for link in chain.links}


DENSE = """\
method: densecl
input: [3, 64, 96]
backbone: resnet18
projection_head: Linear(512, 64)
"""


def test_each_branch_goes_on_from_the_role_it_begins_with() -> None:
    judged = wired(DENSE + "local_projection_head: Linear(512, 32)\n")
    assert shown(judged.chain) == {
        "backbone": "(B, 512, 2, 3)",
        "pool": "(B, 512)",
        "projection_head": "(B, 64)",
        "places": "(B, 6, 512)",
        "local_projection_head": "(B, 6, 32)",
    }
    assert judged.chain.links[3].incoming.maker.role == "backbone"
    assert {one.role: one.component.weights for one in judged.chain.links if one.role in ("pool", "places")} == {
        "pool": 0, "places": 0
    }  # fmt: skip


def test_a_branch_of_which_the_model_has_nothing_is_left_out_with_its_reshapes() -> None:
    assert list(shown(wired(DENSE).chain)) == ["backbone", "pool", "projection_head"]
    assert list(shown(wired(DENSE.partition("projection_head")[0]).chain)) == ["backbone"]


def test_the_size_of_images_is_left_open_in_a_second_chain() -> None:
    judged = wired(DENSE)
    assert shown(judged.open_chain)["backbone"] == "(B, 512, (H-1)//32+1, (W-1)//32+1)"
    unsized = wired(DENSE.replace("input: [3, 64, 96]\n", ""))
    assert unsized.open_chain is unsized.chain


DECLARED = "method: {}\nbackbone: {{target: lab.Net, out_dim: 512}}\nprojection_head: Linear(512, 64)\n"


def test_a_declared_width_is_that_of_tokens_where_the_method_takes_them() -> None:
    assert shown(wired(DECLARED.format("dinov2")).chain) == {
        "backbone": "(B, tokens, 512)", "class token": "(B, 512)", "projection_head": "(B, 64)"
    }  # fmt: skip
    assert shown(wired(DECLARED.format("byol")).chain)["backbone"] == "(B, 512)"
    assert shown(wired(DECLARED.format("densecl")).chain)["backbone"] == "(B, 512)"


def test_the_role_before_a_missing_one_gives_it_nothing() -> None:
    judged = wired("method: byol\nbackbone: resnet18\nprediction_head: Linear(500, 64)\n")
    assert judged.chain.links[1].incoming.value is None
    assert judged.chain.links[1].edges[0].result is None


def test_an_own_target_takes_from_the_model_what_it_does_not_define() -> None:
    heads = "projection_head: Linear(512, 64)\nprediction_head: Linear(64, 64)\n"
    judged = wired(f"method: byol\nbackbone: resnet18\n{heads}target: {{projection_head: 'Linear(512, 32)'}}\n")
    assert judged.target is not None
    assert judged.target.own == {"projection_head"}
    assert shown(judged.target.chain) == {"backbone": "(B, 512)", "projection_head": "(B, 32)"}
    assert shown(judged.chain)["projection_head"] == "(B, 64)"


@pytest.mark.parametrize(
    ("size", "samples", "keeps_last", "smallest"),
    [
        (None, 10, True, None),
        (4, None, True, 4),
        (4, 8, True, 4),
        (4, 9, True, 1),
        (4, 9, False, 4),
        (4, 3, True, 3),
        (1, 5, True, 1),
    ],
)
def test_the_smallest_batch_is_the_rest_of_an_epoch(
    size: int | None, samples: int | None, keeps_last: bool, smallest: int | None
) -> None:
    plain = model(DENSE)
    given = None if size is None else Argument(size, Span(0, 1), None)
    extras = replace(plain.extras, batch_size=given, samples=samples, keeps_last=keeps_last)
    changed = replace(plain, extras=extras)
    assert wiring.smallest_batch(changed) == smallest
    judged = wiring.wire(changed, methods.pack_or_open("densecl"), changed.input, Options())
    assert (judged.small_chain is not None) == (smallest == 1)
    if judged.small_chain is not None:
        assert shown(judged.small_chain)["projection_head"] == "(1, 64)"


@pytest.mark.parametrize(("size", "asked"), [("[3, 64, 96]", (64, 96)), ("[3, 48, 48]", (48, 48)), ("", None)])
def test_only_the_backbone_is_asked_for_at_the_size_of_the_images(
    size: str, asked: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, Any]] = []
    real = resolver.resolve

    def resolve(spec: ComponentSpec, role: str, options: Options, size: Any = None) -> Resolved:
        seen.append((role, size))
        return real(spec, role, options, size)

    found = model("method: byol\nbackbone: resnet18\nprojection_head: Linear(512, 64)\n"
                  "target: {backbone: resnet18}\n" + (f"input: {size}\n" if size else ""))  # fmt: skip
    monkeypatch.setattr(resolver, "resolve", resolve)
    wiring.wire(found, methods.pack_or_open("byol"), found.input, Options())
    assert seen == [("backbone", asked), ("projection_head", None), ("backbone", asked)]
    seen.clear()
    half = replace(found.input, height=dims.symbol("H"), width=64)
    for one in (half, replace(half, height=half.width, width=half.height)):
        wiring.wire(replace(found, input=one), methods.pack_or_open("byol"), one, Options())
    assert seen == [("backbone", None), ("projection_head", None), ("backbone", None)] * 2


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ("", 0),
        ("target: {projection_head: 'Linear(512, 64)'}\n", 1),
        ("target: {backbone: resnet18}\n", 2),
        ("checkpoint: weights.pth\n", 1),
        ("hidden_layer: layer3\n", 1),
    ],
)
def test_a_backbone_is_looked_at_in_full_only_where_its_parts_matter(
    more: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = model("method: byol\nbackbone: resnet18\nprojection_head: Linear(512, 64)\n" + more)
    seen: list[str] = []

    def in_full(component: Resolved, role: str, options: Options) -> Resolved:
        seen.append(role)
        return component

    monkeypatch.setattr(resolver, "in_full", in_full)
    wiring.wire(found, methods.pack_or_open("byol"), found.input, Options())
    assert seen == ["backbone"] * count


def test_a_branch_whose_first_role_is_missing_is_left_out() -> None:
    heads = "projection_head: Linear(512, 64)\nlocal_projection_head: Linear(512, 32)\n"
    assert list(shown(wired(f"method: densecl\n{heads}").chain)) == ["projection_head"]


def test_a_reshape_has_the_place_of_the_component_before_it() -> None:
    text = "method: byol\nbackbone: resnet18\nprojection_head: Linear(512, 64)\nprediction_head: Linear(64, 64)\n"
    components = dict(wired(text).components)
    steps = ["backbone", Reshape(name="pool", reshape="B C -> B C"), *list(components)[1:]]
    found = wiring._present(steps, components)
    assert list(found) == ["backbone", "pool", "projection_head", "prediction_head"]
    assert found["pool"].spec.head == components["backbone"].spec.head


def test_what_is_judged_knows_its_folder_its_checkpoint_and_its_losses() -> None:
    found = model("method: byol\nbackbone: resnet18\nprojection_head: Linear(512, 64)\n")
    judged = wiring.wire(found, methods.pack_or_open("byol"), found.input, Options(checkpoint="a.pth"), "configs")
    assert (judged.folder, judged.checkpoint) == ("configs", "a.pth")
    assert [loss.key for loss in judged.losses] == ["loss"]
    assert judged.losses[0].bound is not None
    assert judged.target is None
    assert list(judged.components) == ["backbone", "projection_head"]
