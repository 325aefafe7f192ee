"""The tracer: the signature of a component that is instantiated on the meta device and run on shapes alone.

Importing this module imports no torch; `trace` does, and the library of its target.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.signatures import stored
from shapelint.spec.spec import ClassName
from shapelint.trace import classifier, layer_signatures, targets, variant
from shapelint.trace.classifier import ImageSize
from shapelint.trace.latent_widths import latent
from shapelint.trace.meta import Untraceable, build, one_line
from shapelint.trace.targets import Constructor

__all__ = ["Constructor", "Untraceable", "trace", "trace_constructor"]


def trace(
    target: str, arguments: Mapping[str, Any], positional: Sequence[Any] = (), at: ImageSize = None
) -> ComponentSignature:
    """The signature of `target(*positional, **arguments)`; of `library/model` it is that of the feature extractor.

    It has one row, for these arguments: widths are written by the name of their argument wherever the argument was
    found to govern them; every other argument counts as inert. With `at` it holds for images of that size alone; its
    shapes are empty if such images do not run. No weights are loaded. Raises Untraceable with a reason of one line;
    never reports a mismatch.

    >>> trace("torch.nn.Linear", {}, (512, 256)).rows[0].shapes  # doctest: +SKIP
    '... in_features -> ... out_features'
    """
    return trace_constructor(targets.find(target), arguments, positional, at)


def trace_constructor(
    constructor: Constructor, arguments: Mapping[str, Any], positional: Sequence[Any] = (), at: ImageSize = None
) -> ComponentSignature:
    """`trace` for a constructor that was found, and allowed, by other means than its name."""
    places = [_as_list(value) for value in positional]
    named = {name: _as_list(value) for name, value in arguments.items()}
    try:
        if constructor.images:
            return _image_signature(constructor, named, places, at)
        bound = variant.bind(constructor.call, places, named)
        parameters = _parameters(bound.bound.signature, {})
        row = layer_signatures.layer_row(bound).changed(latent=latent(bound))
        return _signature(constructor.target, parameters, row, constructor)
    except Untraceable:
        raise
    except Exception as error:
        raise Untraceable(f"cannot be traced: {one_line(error)}") from error


def _as_list(value: Any) -> Any:
    """A list argument as a list, since lightly distinguishes lists from tuples; a class by its dotted name."""
    if isinstance(value, ClassName):
        return targets.handed_over(value)
    return list(value) if isinstance(value, tuple) else value


def _image_signature(
    constructor: Constructor, arguments: Mapping[str, Any], places: Sequence[Any], at: ImageSize
) -> ComponentSignature:
    signature = inspect.signature(constructor.call)
    try:
        bound = signature.bind_partial(*places, **arguments)
    except TypeError as error:
        raise Untraceable(f"takes other arguments: {error}") from error
    variadic = {name for name, parameter in signature.parameters.items() if parameter.kind is parameter.VAR_KEYWORD}
    given = {**{name: value for name, value in bound.arguments.items() if name not in variadic}, **arguments}
    shaping = targets.without_weights(constructor, given)
    channels = given.get("in_chans", 3)
    if not constructor.features:
        row = classifier.literal_row(constructor.call, shaping, channels, at)
    elif constructor.library == "timm":
        row = classifier.headless_row(constructor.call, shaping, channels, at)
    else:
        row = classifier.features_row(constructor.call, shaping, channels, at)
    more = dict(arguments)
    if not constructor.features:
        more["num_classes"] = classifier.default_classes(build(lambda: constructor.call(**shaping)))
    return _signature(constructor.target, _parameters(signature, more), row, constructor)


def _parameters(signature: inspect.Signature, more: Mapping[str, Any]) -> str:
    """The constructor's parameters as text, with the arguments that its `**kwargs` accepts listed as keywords."""
    texts: list[str] = []
    keyword_only = False
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            texts.append(f"*{name}")
            keyword_only = True
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            texts.append("*")
            keyword_only = True
        texts.append(name if parameter.default is parameter.empty else f"{name}={_literal(parameter.default)}")
    extra = [f"{name}={_literal(value)}" for name, value in more.items() if name not in signature.parameters]
    return ", ".join([*texts, *["*"] * (bool(extra) and not keyword_only), *extra])


def _literal(value: Any) -> str:
    return repr(value) if value is None or isinstance(value, (bool, int, float, str, tuple, list)) else "None"


def _signature(target: str, parameters: str, row: SignatureRow, constructor: Constructor) -> ComponentSignature:
    """The row as a component; what no trace can find out (its role, whether it is made for maps) is as stored."""
    bare = ComponentSignature(call=f"{target}({parameters})", rows=(row,))
    known = stored.find(target)
    role = known[1].role if known else _ROLES.get(constructor.library, "backbone" if constructor.images else "layer")
    named = bare.named
    return bare.changed(
        role=role,
        dense=known[1].dense if known else False,
        classes="num_classes" if role == "backbone" and "num_classes" in named else None,
        inert=frozenset(parameter.name for parameter in bare.parameters) - named,
    )


_ROLES = {"lightly": "head", "torchvision": "backbone", "timm": "backbone"}
