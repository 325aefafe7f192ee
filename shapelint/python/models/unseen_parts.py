"""Models whose networks are not seen: what calls them says that they are there, and why they are not known."""

from __future__ import annotations

from shapelint.chain.chain import Flow, Link, Origin
from shapelint.common.frozen import replace
from shapelint.knowledge import role_words
from shapelint.python.state import class_lookup, naming
from shapelint.python.state.run import NO_OBJECT, Run
from shapelint.python.state.values import Instance, Library, Node
from shapelint.resolve.resolved import Resolved
from shapelint.spec.roles import HEADS, Role
from shapelint.spec.spec import Cause, ComponentSpec
from shapelint.text.source import Span

BUILT_ELSEWHERE = "lint it with the file that builds it"


def links(run: Run, model: Node | None) -> list[Link]:
    """Return links for the backbone and heads that a model or a script calls but that are unknown."""
    owner = NO_OBJECT if model is None else id(model)
    found = []
    for name, cause in called(run, owner).items():
        role = Role(name, naming.kind(name))
        span = run.assigned.get((owner, name)) or cause.span
        if role.kind in ("backbone", *HEADS) and span is not None:
            cause = cause if cause.help or model is not None else replace(cause, help=BUILT_ELSEWHERE)
            found.append(_link(role, name if model is None else f"self.{name}", cause, span))
    return found


def handed_over(run: Run) -> dict[int, list[Link]]:
    """Return links for the parts that unseen code gets and that nothing calls, by the identity of their model."""
    if not run.handed_over:
        return {}
    called_ones = {id(step) for call in run.calls for step in call.component.path}
    found: dict[int, dict[str, Link]] = {}
    for node, cause in run.handed_over.values():
        own = naming.place(node).model
        parts = [(node, own)] if own is not node else []
        for part, model in (*parts, *((one, node) for one in _parts(node))):
            place = naming.place(part)
            is_part = place.model is model and part is not model and place.kind in ("backbone", *HEADS)
            if is_part and id(part) not in called_ones and cause.span is not None:
                link = _link(place.role, str(place.role), cause, cause.span)
                found.setdefault(id(model), {}).setdefault(str(place.role), link)
    return {model: list(links.values()) for model, links in found.items()}


def _parts(node: Node) -> list[Node]:
    held = node.attributes.values() if isinstance(node, Instance) else ()
    return [one for one in held if isinstance(one, Node)]


def _link(role: Role, target: str, cause: Cause, span: Span) -> Link:
    spec = ComponentSpec("call", target, span, span)
    nothing = Flow(None, (), Origin(role))
    resolved = Resolved(spec, target, "unknown", reason=cause.reason, remedy=cause.help)
    return Link(role, resolved, nothing, nothing, ())


def called(run: Run, owner: int) -> dict[str, Cause]:
    """Return the networks of an object that were called but not seen, by name, with the reason."""
    return {name: cause for (one, name), cause in run.unseen.items() if one == owner}


def make_a_model(run: Run, instance: Instance) -> bool:
    """Return whether the calls of unseen networks say that an object is a self-supervised model.

    They do if one is a backbone, and another one its momentum copy or a head that only such models have, or if the
    class is named after a method.
    """
    names = [name for name in called(run, id(instance)) if naming.kind(name)]
    backbones = [name for name in names if naming.kind(name) == "backbone"]
    if not backbones or instance.cls is None:
        return False
    copied = len({naming.is_target(name) for name in backbones}) == 2
    headed = any(naming.kind(name) in HEADS and _tells(name) for name in names)
    return copied or headed or naming.method(instance.cls.name) is not None


def base_of_a_method(run: Run, instance: Instance) -> Cause | None:
    """Return that a model does what a class of a library does that is not seen; None if it has no such base.

    Such a class is named after a method, and the object has a backbone.
    """
    if instance.cls is None or not any(naming.kind(name) == "backbone" for name in instance.attributes):
        return None
    for base in class_lookup.resolution_order(instance.cls):
        if isinstance(base, Library) and naming.method(base.name.rpartition(".")[2]) and not run.knows(base.name):
            return Cause(f"it does what {base.name} does, which is not seen")
    return None


def _tells(name: str) -> bool:
    return any(word.removesuffix("s") in role_words.load().telling for word in naming.words(name))
