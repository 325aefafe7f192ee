"""torchvision's classification models as signatures: the literal module and the feature extractor of each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureFile, SignatureRow
from shapelint.trace.classifier import features_row, literal_row
from shapelint.trace.make.sized_rows import over_sizes
from shapelint.trace.meta import Untraceable, build

_INERT = frozenset(
    {
        "weights", "pretrained", "progress", "dropout", "dropout_aux", "drop_rate", "stochastic_depth_prob",
        "attention_dropout", "mlp_dropout", "init_weights", "zero_init_residual", "memory_efficient", "layer_scale",
        "transform_input",
    }
)  # fmt: skip
"""Arguments that change no shape for images of three channels."""

THROUGH_KWARGS: dict[str, dict[str, Any]] = {
    "efficientnet": {"dropout": 0.2},
    "maxvit": {"input_size": (224, 224)},
    "mobilenet_v3": {"reduced_tail": False, "dilated": False},
    "vit": {"image_size": 224},
}
"""Arguments that a builder takes from its **kwargs, with their defaults, by the beginning of its name."""

AUXILIARY: dict[str, tuple[Any, str]] = {
    "googlenet": (None, "(weights is None and not pretrained) if aux_logits is None else aux_logits"),
    "inception_v3": (True, "aux_logits"),
}
"""Models with auxiliary logits in training: the default of `aux_logits` (None: it depends), and when they are on."""


CLASSIFIER = frozenset({"num_classes", "aux_logits", "representation_size"})
"""Arguments of the classifier, which a feature extractor does not have."""


def component_file(name: str) -> SignatureFile:
    """The signatures of one model: `torchvision/<name>()` and `torchvision.models.<name>(...)`."""
    import torchvision

    make = torchvision.models.get_model_builder(name)
    passed = passed_arguments(name, make)
    features = ComponentSignature(
        call=f"torchvision/{name}({_text({key: value for key, value in passed.items() if key not in CLASSIFIER})})",
        role="backbone",
        rows=(_row(features_row, make, passed),),
        inert=_INERT & passed.keys(),
    )
    literal = ComponentSignature(
        call=f"torchvision.models.{name}({_text(passed)})",
        role="backbone",
        rows=_literal(name, make, passed),
        inert=_INERT & passed.keys(),
        classes="num_classes",
    )
    version = torchvision.__version__.partition("+")[0]
    return SignatureFile(library="torchvision", versions=(version,), made_by="tracer", components=(features, literal))


def _literal(name: str, make: Callable[..., Any], passed: Mapping[str, Any]) -> tuple[SignatureRow, ...]:
    if name not in AUXILIARY:
        return (_row(literal_row, make, passed),)
    _, when = AUXILIARY[name]
    on, off = (literal_row(make, {"aux_logits": on}, 3) for on in (True, False))
    return (on.changed(when=when), off.changed(when=f"not ({when})"))


def _row(trace: Callable[..., SignatureRow], make: Callable[..., Any], passed: Mapping[str, Any]) -> SignatureRow:
    """The row of a model, with its image size by name if that is an argument."""
    patch = getattr(build(make), "patch_size", None)
    if "image_size" not in passed or not isinstance(patch, int):
        return trace(make, {}, 3)
    return over_sizes(lambda size: trace(make, {"image_size": size}, 3), "image_size", patch)


def passed_arguments(name: str, make: Callable[..., Any]) -> dict[str, Any]:
    """The arguments that a builder accepts, with their defaults; the first two are its positional ones.

    Of the class's own arguments, those are listed that the builder passes on: it accepts their defaults unchanged.
    """
    module = build(make)
    passed: dict[str, Any] = {"weights": None, "progress": True}
    if _accepts(make, "pretrained", False):
        passed["pretrained"] = False
    for parameter in list(inspect.signature(type(module).__init__).parameters.values())[1:]:
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or parameter.default is parameter.empty:
            continue
        if _accepts(make, parameter.name, parameter.default):
            passed[parameter.name] = parameter.default
    for start, extra in THROUGH_KWARGS.items():
        if name.startswith(start):
            passed.update({key: value for key, value in extra.items() if _accepts(make, key, value)})
    if name in AUXILIARY:
        passed["aux_logits"] = AUXILIARY[name][0]
    return passed


def _text(passed: Mapping[str, Any]) -> str:
    """`weights=None, progress=True, *, pretrained=False, num_classes=1000, ...`."""
    texts = [f"{key}={_literal_text(value)}" for key, value in passed.items()]
    return ", ".join([*texts[:2], "*", *texts[2:]] if len(texts) > 2 else texts)


def _accepts(make: Callable[..., Any], name: str, value: Any) -> bool:
    try:
        build(lambda: make(**{name: value}))
    except Untraceable:
        return False
    return True


def _literal_text(value: Any) -> str:
    return repr(value) if value is None or isinstance(value, (bool, int, float, str, tuple, list)) else "None"
