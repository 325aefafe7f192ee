"""lightly: losses, transforms, functions, and wrappers around vision transformers of timm and torchvision.

The methods of its modules are in `rules/library_functions.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.common.words import words
from shapelint.knowledge import banks
from shapelint.python.libraries import (
    data_loaders,
    library_functions,
    timm_,
    torchvision_,
    transforms,
    vision_transformers,
)
from shapelint.python.libraries.torch import constructing
from shapelint.python.libraries.vision_transformers import SIZES, Vit
from shapelint.python.state import frozen_modules
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import Components, LibraryPlugin, Number
from shapelint.python.state.run import BankCall, Run
from shapelint.python.state.value_facts import truth
from shapelint.python.state.values import NONE, UNKNOWN, Component, Const, Items, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.signatures import stored
from shapelint.spec.pairs import is_size, pair_width
from shapelint.spec.spec import Step
from shapelint.text.source import Span

WRAPPERS = words("MaskedVisionTransformerTIMM MaskedVisionTransformerTorchvision IJEPABackbone IJEPAPredictor")
"""Modules that wrap the vision transformer passed as `vit`."""
MAXIMUM_WRAPPERS = 5
OF_ONE_SIZE = words("MaskedVisionTransformerTIMM MaskedCausalVisionTransformer")
"""Modules that only take images of the size of their transformer; the others interpolate position embeddings."""
WIDTHS = ("embed_dim", "hidden_dim")
LIGHTLY_PARAMETERS = {
    "MaskedVisionTransformerTIMM": ("vit",),
    "MaskedVisionTransformerTorchvision": ("vit",),
    "SMoGPrototypes": ("group_features", "beta"),
    "AIMPredictionHead": ("input_dim", "output_dim"),
}
BENCHMARKING = words(
    """
    OnlineLinearClassifier online_linear_classifier.OnlineLinearClassifier LinearClassifier
    linear_classifier.LinearClassifier FinetuneClassifier linear_classifier.FinetuneClassifier
    """
)
"""Classifiers of `lightly.utils.benchmarking`, each with the module that defines it and without."""
WITHOUT_RESULT = words(
    """
    activate_requires_grad update_drop_path_rate
    initialize_2d_sine_cosine_positional_embedding
    """
)
"""Functions of `lightly.models.utils` that return nothing and change no shape."""


def canonical(name: str) -> str | None:
    """Return the name under which the table of methods lists a module; None if it does not list it."""
    head, _, last = name.rpartition(".")
    home = f"lightly.models.modules.{last}" if head.startswith("lightly.models") else name
    return home if home in library_functions.methods() else None


def builds(target: str) -> bool:
    """Return whether a name is a known module, or a head."""
    last = target.rpartition(".")[2]
    return last[:1].isupper() and (stored.find(target) is not None or "Head" in last)


def make(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Construct a transform or a wrapped transformer; None for anything else."""
    views = transforms.construct(run, name, arguments, site)
    owner, _, last = name.rpartition(".")
    if last == "from_torch_dataset":
        return data_loaders.wrapped(run, views, arguments.get(0, "dataset"))
    if views is not None:
        return views
    if last in ("from_vit", "from_vit_encoder") and arguments.positional:
        return _wrapped(run, owner, arguments.positional[0].value, site)
    return None


def _wrapped(run: Run, name: str, inner: Value, site: Site) -> Value:
    """Return the wrapper that a class method creates around a vision transformer, or around its encoder."""
    component = Component(spec=constructing.specification(run, canonical(name) or name, Arguments(), site))
    vit = inner.part_of if isinstance(inner, Component) and inner.part_of is not None else inner
    component.arguments = {"vit": vit}
    return component


def transformer(component: Component, depth: int = 0) -> Vit | None:
    """Return the numbers of the vision transformer that a module is or wraps; None for any other module."""
    if depth > MAXIMUM_WRAPPERS or component.forgotten:
        return None
    last = component.spec.target.rpartition(".")[2]
    if last in WRAPPERS:
        inner = component.arguments.get("vit")
        return _described(inner, depth + 1) if isinstance(inner, Component) else None
    if isinstance(component.part_of, Component):
        return transformer(component.part_of, depth + 1)
    return timm_.configured(component, timm_.BASE) if last == "MaskedCausalVisionTransformer" else None


def _described(component: Component, depth: int = 0) -> Vit | None:
    """Return the numbers of a transformer of any library."""
    return timm_.transformer(component) or torchvision_.transformer(component) or transformer(component, depth)


def attribute(run: Run, owner: Component, name: str) -> Value | None:
    """Return an attribute of a vision transformer or of a wrapper around one; None if it is not known here."""
    vit = transformer(owner)
    if vit is None:
        return None
    if owner.spec.target.rpartition(".")[2] not in WRAPPERS:
        return timm_.transformer_attributes(owner, vit).get(name)
    found: dict[str, Value] = {
        **vision_transformers.attributes(vit),
        "sequence_length": Const(vit.tokens),
        "vit": owner.arguments.get("vit", NONE),
    }
    return found.get(name)


def numbers(component: Component) -> Mapping[str, Number]:
    """Return the width and image size of a transformer, and the axes of the vectors that prototypes were built with."""
    vit, inner = transformer(component), _inside(component)
    size = vit.image if vit is not None and _is_of_one_size(component) else None
    written = vision_transformers.written(inner, SIZES)
    found = {"image_height": Number(size, written), "image_width": Number(size, written)}
    if vit is not None:
        found["embed_dim"] = Number(vit.width, _width_steps(inner) if inner is not component else ())
    groups = component.arguments.get("group_features")
    if isinstance(groups, Tensor) and len(groups.shape or ()) == 2:
        vectors = ax.of(groups.flow)
        for name, axis in zip(("n_groups", "n_features"), vectors or ()):
            found[name] = Number(axis.size, axis.origin.steps)
    return found


def _width_steps(inner: Component) -> tuple[Step, ...]:
    vit = _described(inner)
    if vit is None:
        return ()
    written = vision_transformers.written(inner, WIDTHS)
    return written or (Step(inner.spec.span, f"{timm_.name_of(inner)} is {vit.width} wide"),)


def _inside(component: Component) -> Component:
    """Return the transformer that a module wraps or is part of, or else the module itself."""
    for _ in range(MAXIMUM_WRAPPERS):
        inner = component.part_of or component.arguments.get("vit")
        if not isinstance(inner, Component):
            break
        component = inner
    return component


def _is_of_one_size(component: Component) -> bool:
    inner = component.arguments.get("vit", component)
    if not isinstance(inner, Component) or inner.spec.note or not timm_.FREE.isdisjoint(inner.arguments):
        return False
    return component.spec.target.rpartition(".")[2] in OF_ONE_SIZE


def note_bank(run: Run, component: Component, arguments: Arguments) -> None:
    """Record features that a memory bank stores; a bank that only looks up features is not recorded."""
    bank = banks.find(component.spec.target)
    value = arguments.get(0, bank.takes) if bank else None
    if bank is None or not isinstance(value, Tensor):
        return
    condition = arguments.keywords.get(bank.when)
    stores = not bank.when or (condition is not None and truth(condition.value) is True)
    size = constructing.given_by_name(run, component).get(bank.size)
    if size is not None and stores:
        run.banks.append(BankCall(component, pair_width(size), value.flow, has_no_width=is_size(size.value)))


def update_momentum(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `update_momentum(model, model_ema, m)`."""
    online, target = arguments.get(0, "model"), arguments.get(1, "model_ema")
    span = run.anchors[-1] if run.anchors else Span(0, 0)
    run.averaged.append((online or UNKNOWN, target or UNKNOWN, span))
    decay = arguments.get(2, "m")
    if isinstance(decay, Const) and isinstance(decay.value, (int, float)) and target is not None:
        run.decays.append((target, decay.value, span))
    return NONE


def _deactivate(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `deactivate_requires_grad(model)`."""
    frozen_modules.note(run, arguments.get(0, "model") or UNKNOWN, site.node)
    return NONE


def _nothing(run: Run, arguments: Arguments, site: Site) -> Value:
    return NONE


def _weight_decay_parameters(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `get_weight_decay_parameters(modules)`: parameters with and without weight decay."""
    return Items([UNKNOWN, UNKNOWN], "tuple")


LIGHTLY = LibraryPlugin(
    "lightly",
    packages=frozenset({"lightly"}),
    functions={
        "lightly.models.utils.update_momentum": update_momentum,
        "lightly.models.utils.get_weight_decay_parameters": _weight_decay_parameters,
        "lightly.models.utils.deactivate_requires_grad": _deactivate,
        **{f"lightly.models.utils.{name}": _nothing for name in WITHOUT_RESULT},
    },
    stand_ins={
        "lightly.models.ResNetGenerator": "lightly_resnet.py",
        "lightly.models.resnet.ResNetGenerator": "lightly_resnet.py",
        "lightly.models.modules.heads.ProjectionHead": "lightly_heads.py",
        **{f"lightly.utils.benchmarking.{name}": "lightly_benchmarking.py" for name in BENCHMARKING},
    },
    make=make,
    components=Components(
        canonical=canonical,
        builds=builds,
        parameters=LIGHTLY_PARAMETERS,
        attribute=attribute,
        is_described=lambda component: transformer(component) is not None,
        traced_for_attributes=False,
        numbers=numbers,
        observe_call=note_bank,
    ),
    quiet=words("cancel_last_layer_gradients normalize set_group_features"),
)
