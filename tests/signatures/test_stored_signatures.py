"""Every generated signature of rules/signatures, traced again with the installed library.

lightly's heads run on the CPU, in training mode, with every small input shape: the stored signature must list exactly
what torch accepts. torchvision's models run on the meta device, at the smallest size, below it, and at others, and
every part is compared.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torchvision
from lightly.models.modules import heads
from torch import nn

from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureFile, SignatureRow
from shapelint.read import call_strings
from shapelint.resolve.options import Options
from shapelint.resolve.resolver import resolve
from shapelint.shapes import expression
from shapelint.shapes.notation import Signature, parse_signature
from shapelint.shapes.signatures import Fit, Shape, fill, substitute, unify
from shapelint.signatures import stored
from shapelint.text.source import Span
from shapelint.trace.classifier import remove_classifier
from shapelint.trace.images import evaluate
from shapelint.trace.make import lightly_heads, torchvision_models
from shapelint.trace.make.__main__ import GENERATED_HEADER, stored_tensors
from shapelint.trace.make.emit import tensors_to_yaml, to_yaml
from shapelint.trace.meta import build, quiet, run, runs
from shapelint.trace.symbolic import observe, value_of

MODELS = torchvision.models.list_models(module=torchvision.models)
HEADS = [name for name, head in inspect.getmembers(heads, inspect.isclass) if head.__module__ == heads.__name__]
WIDTHS = ((3, 5, 2, 7), (5, 5, 2, 2), (3, 5, 5, 2), (5, 5, 5, 5), (2, 1, 1, 3))
SIZES = (1, 2, 3, 5)


def file(name: str) -> SignatureFile:
    found = stored.load(name)
    assert found is not None, f"no file {name}"
    return found


def component(name: str, target: str) -> ComponentSignature:
    return next(one for one in file(name).components if one.target == target)


def values(one: ComponentSignature, arguments: dict[str, Any]) -> dict[str, Any]:
    return {**{parameter.name: parameter.default for parameter in one.parameters}, **arguments}


def row_for(one: ComponentSignature, arguments: dict[str, Any]) -> SignatureRow:
    """Return the one row whose `when` holds; it must be decided."""
    decided = {
        row.when: expression.evaluate(row.when, values(one, arguments)) if row.when else True for row in one.rows
    }
    assert set(decided.values()) <= {True, False}, f"undecided for {arguments}: {decided}"
    (row,) = (row for row in one.rows if decided[row.when])
    return row


def agree(signature: Signature, module: nn.Module, shape: Shape, device: str = "meta") -> bool:
    """Return whether the module runs on a shape; the signature must agree, with the same output."""
    fit = unify(signature, shape)
    try:
        output = value_of(run(module, shape, device=device), {})
    except Exception as error:
        output, refused = None, str(error)
    if output is None:
        assert not isinstance(fit, Fit), f"{shape} fits {signature}, but torch says {refused}"
        return False
    assert isinstance(fit, Fit), f"{shape} runs, but {fit} for {signature}"
    assert fit.output == output, f"{shape}: {signature}"
    return True


def same_parts(
    row: SignatureRow, arguments: dict[str, Any], module: nn.Module, shape: Shape, free: dict[str, int]
) -> None:
    """Check that every part has the stored class and shapes, in the order of the module's children."""
    seen = observe(module, [size for size in shape if isinstance(size, int)]).layers
    first = next((name for name in seen if isinstance(module.get_submodule(name), nn.Conv2d)), "")
    beside = first.rpartition(".")[0]
    assert list(row.parts) == [name for name in seen if name.count(".") < 2 or name.rpartition(".")[0] == beside]
    for name, text in row.parts.items():
        kind, _, shapes = text.partition(": ")
        assert kind == seen[name].kind, name
        if not shapes:
            continue
        (one,) = substitute(parse_signature(shapes.replace("...", "B")), arguments).alternatives
        inputs = tuple(evaluate(pattern.axes, free) for pattern in one.inputs)  # type: ignore[arg-type]
        assert (inputs, str(fill(one.output, free))) == (seen[name].inputs, str(seen[name].output)), name


# lightly


def head_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every head with every structural variant; also with numbers of layers that have no row."""
    for name in HEADS:
        if name in lightly_heads.WITHOUT_WIDTHS:
            continue
        structural = dict(lightly_heads.STRUCTURAL.get(name, {}))
        if "num_layers" in structural:
            few, *_, many = structural["num_layers"]
            extra = (many + 1, many + 3) if name in lightly_heads.NO_FEWER else (0, few - 1, many + 1, many + 3)
            structural["num_layers"] = (*structural["num_layers"], *extra)
        prototypes = {3000: 7, 1: [7], 2: [7, 2], 3: [7, 2, 3], 4: [2, 2, 3, 5]}
        if "n_prototypes" in structural:
            structural["n_prototypes"] = tuple(prototypes.values())
        for chosen in itertools.product(*structural.values()):
            yield name, dict(zip(structural, chosen))


@pytest.mark.parametrize(("name", "structural"), list(head_cases()))
def test_a_head_takes_the_stored_shapes_and_no_others(name: str, structural: dict[str, Any]) -> None:
    stored_head = component("lightly.models.modules", f"lightly.models.modules.{name}")
    widths = [
        p.name for p in stored_head.parameters if p.name not in structural and re.search("dim|clusters|proto", p.name)
    ]
    widths = [name for name in widths if name not in stored_head.inert]
    for chosen in WIDTHS:
        arguments = {**structural, **dict(zip(widths, chosen))}
        with quiet():
            module = getattr(heads, name)(**arguments).train()
        row = row_for(stored_head, arguments)
        signature = substitute(parse_signature(row.shapes), values(stored_head, arguments))
        shapes = itertools.chain.from_iterable(itertools.product(SIZES, repeat=rank) for rank in (1, 2, 3, 4))
        assert sum(agree(signature, module, shape, "cpu") for shape in shapes) > 2
        learnable = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
        assert expression.evaluate(str(row.weights), values(stored_head, arguments)) == learnable
        if row.parts:
            shape = (3, arguments["input_dim"])
            same_parts(row, values(stored_head, arguments), module.to("meta"), shape, {"B": 3})


def test_every_head_is_stored() -> None:
    """With the arguments and defaults of the class itself."""
    found = {one.target.rpartition(".")[2]: one for one in file("lightly.models.modules").components}
    assert set(found) == set(HEADS) - lightly_heads.WITHOUT_WIDTHS
    for name, one in found.items():
        parameters = inspect.signature(getattr(heads, name)).parameters
        expected = [(p.name, None if p.default is p.empty else p.default) for p in parameters.values()]
        assert [(p.name, p.default) for p in one.parameters] == expected


# torchvision


def test_every_model_is_stored() -> None:
    assert len(MODELS) >= 80
    for name in MODELS:
        assert [one.target for one in file(f"torchvision.models/{name}").components] == [
            f"torchvision/{name}",
            f"torchvision.models.{name}",
        ]


def limits(signature: Signature) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the smallest and the largest height and width that the signature allows; 1000 if there is no largest."""
    first = signature.alternatives[0]
    height, width = first.inputs[0].axes[2:]
    if isinstance(height, int) and isinstance(width, int):
        return (height, width), (height, width)
    above = dict(re.findall(r"\b([HW]) > (\d+)", first.where))
    below = dict(re.findall(r"\b([HW]) < (\d+)", first.where))
    least, most = ([int(found.get(name, start)) for name in "HW"] for found, start in ((above, 0), (below, 1001)))
    return (least[0] + 1, least[1] + 1), (most[0] - 1, most[1] - 1)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_takes_the_stored_shapes_and_no_others(name: str) -> None:
    make = torchvision.models.get_model_builder(name)
    features, literal = file(f"torchvision.models/{name}").components
    row = row_for(literal, {"num_classes": 7})
    module = build(lambda: make(num_classes=7))
    given = values(literal, {"num_classes": 7})
    signature = substitute(parse_signature(row.shapes), given)
    assert expression.evaluate(str(row.weights), given) == sum(p.numel() for p in module.parameters())
    least, most = limits(signature)
    size = (min(least[0] + 61, most[0]), min(least[1] + 40, most[1]))
    assert agree(signature, module, (2, 3, *size))
    same_parts(row, given, module, (2, 3, *size), {"B": 2, "H": size[0], "W": size[1]})

    off = {"aux_logits": False} if name in torchvision_models.AUXILIARY else {}
    module, other = (build(lambda count=count: make(num_classes=count, **off)) for count in (7, 9))
    remove_classifier(module, other)
    (row,) = features.rows
    signature = substitute(parse_signature(row.shapes), values(features, {}))
    weights = expression.evaluate(str(row.weights), values(features, {}))
    assert weights == sum(p.numel() for p in module.parameters())
    least, most = limits(signature)
    size = (min(least[0] + 99, most[0]), min(least[1] + 28, most[1]))
    assert agree(signature, module, (2, 3, *least))
    assert agree(signature, module, (2, 3, min(least[0] + 77, most[0]), min(least[1] + 130, most[1])))
    assert not agree(signature, module, (2, 3, least[0] - 1, least[1]))
    assert not agree(signature, module, (2, 3, least[0], least[1] - 1))
    agree(signature, module, (1, 3, *least))
    for larger in ((most[0] + 1, least[1]), (least[0], most[1] + 1), (2 * most[0], 2 * most[1])):
        if most[0] < 1000:
            assert not agree(signature, module, (2, 3, *larger))
    assert not agree(signature, module, (2, 4, *size))
    same_parts(row, values(features, {}), module, (3, 3, *size), {"B": 3, "H": size[0], "W": size[1]})


SIZED = [name for name in MODELS if name.startswith("vit_")]


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("patches", [1, 3, 10])
def test_a_transformer_of_another_image_size_has_the_stored_shapes(name: str, patches: int) -> None:
    make = torchvision.models.get_model_builder(name)
    literal = component(f"torchvision.models/{name}", f"torchvision.models.{name}")
    patch = build(make).patch_size
    given = values(literal, {"num_classes": 5, "image_size": patches * patch})
    module = build(lambda: make(num_classes=5, image_size=patches * patch))
    row = row_for(literal, given)
    signature = substitute(parse_signature(row.shapes), given)
    size = patches * patch
    assert agree(signature, module, (2, 3, size, size))
    assert not agree(signature, module, (2, 3, size + patch, size))
    assert expression.evaluate(str(row.weights), given) == sum(p.numel() for p in module.parameters())
    same_parts(row, given, module, (2, 3, size, size), {"B": 2})


@pytest.mark.parametrize("size", [100, 56])
def test_a_transformer_is_not_built_for_an_image_of_broken_patches(size: int) -> None:
    call = f"torchvision.models.vit_b_32(image_size={size})"
    with pytest.raises(Exception, match="indivisible by patch size"):
        build(lambda: torchvision.models.vit_b_32(image_size=size))
    spec = call_strings.parse_call(call, lambda start, end: (Span(start, end), None))
    (problem,) = resolve(spec, "backbone", Options()).problems
    assert problem.message == "vit_b_32 cannot be built: image_size % 32 == 0 does not hold"


@pytest.mark.parametrize(("name", "arguments", "outputs"), [
    ("googlenet", {}, 3),
    ("googlenet", {"aux_logits": False}, 1),
    ("googlenet", {"aux_logits": True}, 3),
    ("inception_v3", {}, 2),
    ("inception_v3", {"aux_logits": False}, 1),
])  # fmt: skip
def test_auxiliary_logits_are_returned_in_training(name: str, arguments: dict[str, Any], outputs: int) -> None:
    make = torchvision.models.get_model_builder(name)
    literal = component(f"torchvision.models/{name}", f"torchvision.models.{name}")
    signature = substitute(parse_signature(row_for(literal, arguments).shapes), values(literal, arguments))
    module = build(lambda: make(**arguments))
    assert agree(signature, module, (2, 3, 299, 320))
    output = run(module, (2, 3, 299, 320))
    assert outputs == (len(output) if isinstance(output, tuple) else 1)


@pytest.mark.parametrize(("arguments", "auxiliary"), [
    ({"weights": "DEFAULT"}, False),
    ({"pretrained": True}, False),
    ({"weights": "DEFAULT", "aux_logits": True}, True),
    ({"weights": None, "pretrained": False}, True),
])  # fmt: skip
def test_googlenet_with_weights_has_no_auxiliary_logits(arguments: dict[str, Any], auxiliary: bool) -> None:
    """Its builder removes them after loading the weights, unless they are requested."""
    literal = component("torchvision.models/googlenet", "torchvision.models.googlenet")
    assert row_for(literal, arguments).shapes.startswith("B 3 H W -> (B") == auxiliary


@pytest.mark.parametrize("name", ["resnet18", "vgg11"])
def test_every_argument_of_a_model_can_be_given(name: str) -> None:
    """The builder takes what `call` lists (not `pretrained` and `weights` together), and refuses anything else."""
    make = torchvision.models.get_model_builder(name)
    literal = component(f"torchvision.models/{name}", f"torchvision.models.{name}")
    build(lambda: make(**{p.name: p.default for p in literal.parameters if p.name != "pretrained"}))
    with pytest.raises(Exception, match=r"block|features"):
        make(**{{"resnet18": "block", "vgg11": "features"}[name]: None})


# the files


def test_the_generated_files_are_up_to_date() -> None:
    """The fastest library completely; one head of lightly."""
    made = torchvision_models.component_file("alexnet")
    path = stored.rules_folder.folder() / "signatures" / "torchvision.models" / "alexnet.yaml"
    assert path.read_text(encoding="utf-8") == to_yaml(made, GENERATED_HEADER)
    path = stored.rules_folder.folder() / "tensors" / "torchvision.models" / "alexnet.yaml"
    assert path.read_text(encoding="utf-8") == tensors_to_yaml(stored_tensors(made), GENERATED_HEADER)
    head = component("lightly.models.modules", "lightly.models.modules.SMoGProjectionHead")
    assert lightly_heads.component(heads.SMoGProjectionHead) == head


def test_the_comparison_can_fail() -> None:
    """A signature with a wrong output, or one that is too narrow or too wide, is detected."""
    module = nn.Linear(3, 5)
    agree(parse_signature("... 3 -> ... 5"), module, (2, 3), "cpu")
    for wrong in ("... 3 -> ... 6", "B L 3 -> B L 5", "... 4 -> ... 5"):
        with pytest.raises(AssertionError):
            agree(parse_signature(wrong), module, (2, 3), "cpu")
    with pytest.raises(AssertionError):
        agree(parse_signature("B C -> B 5"), module, (2, 4), "cpu")
    assert not runs(module, (2, 4), device="cpu")
