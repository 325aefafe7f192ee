"""What timm's models offer beside their forward: features, heads, and another classifier.

https://huggingface.co/docs/timm/feature_extraction: `forward_features` is what comes before the pooling, `forward_head`
the rest, which with `pre_logits=True` gives what a model that was created with `num_classes=0` does.
"""

from __future__ import annotations

from dataclasses import replace

from shapelint.chain.chain import Flow
from shapelint.python.libraries import vision_transformers
from shapelint.python.libraries.torch import module_calls, parts, replaced_parts
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import hide
from shapelint.python.state.run import Run
from shapelint.python.state.values import NONE, UNKNOWN, Component, Const, Data, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.operation_table import axes_of
from shapelint.shapes.signatures import Pattern
from shapelint.spec.spec import Argument, ComponentSpec

WITHOUT_CLASSIFIER: dict[str, int | str] = {"num_classes": 0}
WITHOUT_POOLING: dict[str, int | str] = {"num_classes": 0, "global_pool": ""}


def is_model(owner: Component) -> bool:
    """Whether a component is a whole model of timm."""
    return owner.spec.target.startswith("timm.") and owner.part_of is None


def call_method(run: Run, owner: Component, name: str, arguments: Arguments, site: Site) -> Value | None:
    """A method of a model of timm, None for one that is not known here."""
    given = arguments
    if name == "reset_classifier":
        return _reset(run, owner, given)
    if name == "get_classifier" and not arguments.positional:
        return _classifier(run, owner)
    if name in ("forward_features", "forward_head") and arguments.positional and not owner.replaced:
        if name == "forward_features":
            return _features(run, owner, arguments, site)
        bare = given.flag(1, "pre_logits")
        return _pooled(run, _variant(owner, WITHOUT_CLASSIFIER) if bare else owner, arguments.positional[0].value)
    return None


def _features(run: Run, owner: Component, arguments: Arguments, site: Site) -> Value | None:
    """`forward_features`: what the pooling gets, or the head that pools itself. Tokens have a head without one."""
    rows, given = run.parts(owner), arguments.positional[0].value
    value = module_calls.image(given) if isinstance(given, Data) else given
    tail = next((name for name in ("global_pool", "head") if name in rows), None)
    rank = parts.rank(rows[tail]) if tail is not None else 0
    if vision_transformers.is_plain(owner) or (tail == "head" and rank == 2):
        return module_calls.call(run, _variant(owner, WITHOUT_POOLING), Arguments(arguments.positional[:1]), site)
    if tail is None or rank == 2 or "pre_logits" in rows or not isinstance(value, Tensor):
        return None
    return replaced_parts.run_until(run, owner, tail, value)


def _reset(run: Run, owner: Component, given: Arguments) -> Value:
    """`reset_classifier(num_classes, global_pool=None)`."""
    classes, pool = given.get(0, "num_classes"), given.get(1, "global_pool")
    changed = {"num_classes": classes, **({} if pool in (None, NONE) else {"global_pool": pool})}
    if not all(isinstance(value, Const) and isinstance(value.value, (int, str)) for value in changed.values()):
        hide(run, owner)
        return NONE
    run.touch(owner)
    constants = {name: value for name, value in changed.items() if isinstance(value, Const)}
    owner.spec = _with(owner, {name: value.value for name, value in constants.items()})
    owner.arguments = {**owner.arguments, **constants}
    owner.resolved, owner.parts, owner.replaced = None, {}, {}
    return NONE


def _with(owner: Component, arguments: dict[str, int | str]) -> ComponentSpec:
    kept = tuple((name, argument) for name, argument in owner.spec.keywords if name not in arguments)
    span = owner.spec.head
    return replace(
        owner.spec, keywords=(*kept, *((name, Argument(value, span, None)) for name, value in arguments.items()))
    )


def _variant(owner: Component, arguments: dict[str, int | str]) -> Component:
    """The same model created with other arguments, in the same place."""
    constants = {name: Const(value) for name, value in arguments.items()}
    twin = Component(owner.name, owner.holder, spec=_with(owner, arguments), arguments={**owner.arguments, **constants})
    twin.origin, twin.hidden = owner.origin, owner.hidden
    return owner.parts.setdefault(str(arguments), twin)


def _classifier(run: Run, owner: Component) -> Value | None:
    """The last layer of a model, where its table has it."""
    rows = [name for name, line in run.parts(owner).items() if line.startswith("torch.nn.Linear")]
    found: Value | None = owner if rows else None
    for step in rows[-1].split(".") if rows else ():
        found = parts.child(run, found, step) if isinstance(found, Component) else None
    return found


def _pooled(run: Run, model: Component, features: Value) -> Value:
    """A vector (B, D) for every image of the features."""
    signature = run.resolve(model).signature
    pattern = signature.alternatives[0].output if signature else None
    axes = axes_of(features) if isinstance(features, Tensor) else None
    if not isinstance(features, Tensor):
        return UNKNOWN
    if axes is None or not isinstance(pattern, Pattern) or len(pattern.axes) != 2:
        return Tensor(Flow(None, (), features.flow.maker), features.detached)
    width = pattern.axes[1]
    axis = ax.Axis(width, axes[-1].origin)  # type: ignore[arg-type]
    return Tensor(ax.flow((axes[0], axis), features.flow.maker), features.detached)
