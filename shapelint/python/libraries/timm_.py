"""timm: its models, their methods in addition to `forward`, and its vision transformers, which need no trace.

https://huggingface.co/docs/timm/feature_extraction: `forward_features` is everything before the pooling, `forward_head`
the rest; with `pre_logits=True` it returns what a model created with `num_classes=0` returns. What is known from the
names of models is in `rules/timm.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Union

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.knowledge import rules_folder
from shapelint.knowledge.class_attributes import OF_TIMM, by_class
from shapelint.knowledge.timm_rows import TimmRow
from shapelint.python.libraries import library_functions, vision_transformers
from shapelint.python.libraries.torch import constructing, module_calls, parts, replaced_parts
from shapelint.python.libraries.vision_transformers import Layout, Vit
from shapelint.python.objects import dicts
from shapelint.python.state import naming
from shapelint.python.state.arguments import NO_SITE, Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.plugins import Components, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, truth
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Component,
    Const,
    Data,
    Given,
    Items,
    Table,
    Tensor,
    Value,
)
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import image_sizes
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.resolve import resolver
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import notation
from shapelint.shapes.notation import Pattern
from shapelint.signatures import timm_signatures, versions
from shapelint.spec.spec import Argument, ComponentSpec

Changed = Union[int, str, tuple[int, ...]]
"""The value of an argument with which a model is created in another way."""
WITHOUT_CLASSIFIER: dict[str, Changed] = {"num_classes": 0}
WITHOUT_POOLING: dict[str, Changed] = {"num_classes": 0, "global_pool": ""}
FREE = frozenset({"dynamic_img_size", "strict_img_size", "embed_layer"})
"""Arguments with which a transformer may take images of other sizes than its own."""
MEASURED = {
    "num_features": "num_features",
    "head_hidden_size": "hidden",
    "embed_dim": "embed_dim",
    "num_prefix_tokens": "prefix",
}
"""Attributes of models, by the column of their rows."""
WITHOUT_EFFECT = timm_signatures.KEEPING_ATTRIBUTES | {"features_only", "out_indices"}
"""Arguments that leave the inner widths and steps of a model as they are."""
BEHIND_FEATURES = words("fc_norm head head_drop attn_pool global_pool")
"""Parts of models that `forward_head` runs."""
PARTS = {
    "mlps.py": words("layers.Mlp layers.mlp.Mlp models.layers.Mlp models.vision_transformer.Mlp"),
    "transformer_parts.py": words(
        """
        layers.PatchEmbed layers.patch_embed.PatchEmbed models.layers.PatchEmbed models.vision_transformer.PatchEmbed
        models.vision_transformer.Attention layers.attention.Attention models.vision_transformer.Block
        """
    ),
}
"""Parts of networks that scripts put together by themselves, by the file that stands in for them."""
MODEL_AVERAGES = words("ModelEma ModelEmaV2 ModelEmaV3")
"""Moving averages of models."""
TELLING = ("is_", "list_", "get_")
"""How the names of functions begin that say something of models: `timm.is_model`."""
FEATURE_INFO = "timm.models._features.FeatureInfo"
INTERMEDIATE = {"forward_intermediates": "indices", "get_intermediate_layers": "n"}
"""Methods that return the maps of inner stages, by the argument that says which: the number of the last, or places."""
BASE = (768, 16, 224)
"""Width, patch size and image size of a `VisionTransformer` that is built without arguments."""


def data() -> dict[str, Any]:
    """Return what is known from the names of models."""
    found: dict[str, Any] = rules_folder.load("timm.yaml")
    return found


@lru_cache(maxsize=1)
def transformer_name() -> re.Pattern[str]:
    """Return the pattern of transformer names that contain the size of the model, of its patches and of its images."""
    return re.compile(rf"vit_({'|'.join(data()['transformer_widths'])})_patch(\d+)_(\d+)(?:\.\w+)?$")


def name_of(component: Component) -> str:
    """Return the name of a model: that of its constructor, or the one passed to `create_model`."""
    last = component.spec.target.rpartition(".")[2]
    if last != "create_model":
        return last
    given = component.arguments.get("(0)", component.arguments.get("model_name", component.arguments.get("name")))
    return given.value if isinstance(given, Const) and isinstance(given.value, str) else ""


def builds(target: str) -> bool:
    """Return whether a name is a model, or the class of timm's vision transformers."""
    name = target.rpartition(".")[2]
    return name == "VisionTransformer" or (constructing.is_model(target) and not name.startswith(TELLING))


def transformer(component: Component) -> Vit | None:
    """Return the numbers of a vision transformer of timm or of a part of one; None for anything else."""
    model = vision_transformers.whole(component)
    if component.forgotten or model.forgotten or not model.spec.target.startswith("timm"):
        return None
    if match := transformer_name().match(name_of(model)):
        return configured(model, (data()["transformer_widths"][match[1]], int(match[2]), int(match[3])))
    is_class = model.spec.target.rpartition(".")[2] == "VisionTransformer"
    return configured(model, BASE) if is_class and not model.spec.positional else None


def configured(component: Component, defaults: tuple[int, int, int]) -> Vit | None:
    """Return the numbers of a transformer with timm's parameters, from its arguments and their defaults."""
    width, patch, image = defaults
    wide = component.arguments.get("embed_dim")
    size = width if wide is None else integer(wide)
    registers = vision_transformers.number(component, "reg_tokens", 0)
    token = component.arguments.get("class_token", Const(True))
    patch_size = vision_transformers.number(component, "patch_size", patch)
    image_size = vision_transformers.number(component, "img_size", image)
    if size is None or not isinstance(token, Const) or not patch_size or not image_size or registers is None:
        return None
    return Vit(size, patch_size, image_size, registers + bool(token.value))


def is_transformer(component: Component) -> bool:
    """Return whether a component is a whole vision transformer."""
    return component.part_of is None and transformer(component) is not None


def has_all_parts(component: Component) -> bool:
    """Return whether the signature of a model lists all its parts: more than its classifier."""
    known = component.resolved
    lacks = known is not None and resolver.is_outline(known) and known.row is not None and len(known.row.parts) < 2
    return not lacks and not is_transformer(component)


def attribute(run: Run, owner: Component, name: str) -> Value | None:
    """Return an attribute of a model; None if its signature determines it."""
    vit = transformer(owner)
    known = transformer_attributes(owner, vit).get(name) if vit is not None else None
    if known is not None or owner.part_of is not None or owner.forgotten:
        return known
    if name == "feature_info":
        return _feature_info(run, owner)
    measured = _measured(owner, name)
    return _num_features(run, owner) if measured is None and name == "num_features" and vit is None else measured


def _measured(owner: Component, name: str) -> Value | None:
    """Return an attribute of a model that its row has; None if it is not known from there."""
    row = _row(owner)
    if row is None or name not in MEASURED or timm_signatures.find(owner.spec, owner.spec.target) is None:
        return None
    number = None if "features_only" in owner.arguments else getattr(row, MEASURED[name])
    return Const(number) if number is not None else None


def _row(owner: Component) -> TimmRow | None:
    """Return the row of a model, unless another version is installed or an argument may change what was measured."""
    row, _ = timm_signatures.model(owner.spec, owner.spec.target)
    return row if timm_signatures.is_as_measured(owner.spec, WITHOUT_EFFECT) else None


def _feature_info(run: Run, owner: Component) -> Value | None:
    """Return what a model says of its maps: an object with methods if it gives these, a list of dicts otherwise."""
    row = _row(owner)
    if row is None or not row.stages:
        return None
    given = {name: argument.value for name, argument in owner.spec.keywords}
    if "features_only" not in given:
        return Items([_stage(*one) for one in timm_signatures.stages(row)])
    chosen, own = timm_signatures.chosen_stages(row, given), run.stand_in(FEATURE_INFO)
    if not chosen or own is None:
        return None
    return run.call(own, Arguments((Given(Items([_stage(*one) for one in chosen]), NO_SPAN),)), NO_SITE)


def _stage(channels: int, reduction: int) -> Value:
    return Table({"num_chs": Const(channels), "reduction": Const(reduction)}, open=True)


def transformer_attributes(component: Component, vit: Vit) -> dict[str, Value]:
    """Return the attributes of a transformer with timm's parameters."""
    patch = vision_transformers.as_given(component, "patch_size", vit.patch)
    embed: dict[str, Value] = {
        "patch_size": Items([patch, patch], "tuple"),
        "num_patches": Const(vit.grid * vit.grid),
        "grid_size": Items([Const(vit.grid), Const(vit.grid)], "tuple"),
    }
    return {
        **vision_transformers.attributes(vit),
        "embed_dim": Const(vit.width),
        "num_features": Const(vit.width),
        "grad_checkpointing": Const(False),
        "patch_embed": dicts.namespace(embed),
    }


def _num_features(run: Run, owner: Component) -> Value:
    """Return `num_features` for model families in which it is the width before the classifier."""
    pool = owner.arguments.get("global_pool", Const("avg"))
    plain = isinstance(pool, Const) and pool.value in ("avg", "max", "")
    if not plain or not name_of(owner).startswith(tuple(data()["plain_features"])):
        return UNKNOWN
    resolved = run.resolve(owner)
    if resolved.signature is None or resolved.row is None:
        return UNKNOWN
    classes = owner.arguments.get("num_classes")
    if isinstance(classes, Const) and classes.value == 0:
        pattern = resolved.signature.alternatives[0].output
    else:
        linear = [line for line in resolved.row.parts.values() if line.startswith("torch.nn.Linear")]
        line = linear[-1].partition(":")[2] if linear else "S -> S"
        pattern = notation.parse_signature(line).alternatives[0].inputs[0]
    axes = pattern.axes if isinstance(pattern, Pattern) else ()
    width = axes[1 if len(axes) == 4 else -1] if axes else None
    return Const(width) if isinstance(width, int) else UNKNOWN


def resolve(component: Component, role: str, options: Options) -> Resolved | None:
    """Return the signature of a vision transformer, which needs no trace; its head is its only known part."""
    vit = transformer(component) if component.part_of is None else None
    channels = vision_transformers.number(component, "in_chans", 3)
    if vit is None or not isinstance(vit.width, int) or channels is None or not _divides_into_heads(component, vit):
        return None
    if not {"features_only", "out_indices"}.isdisjoint(component.arguments):
        return None
    pool = component.arguments.get("global_pool")
    if pool is not None and not (isinstance(pool, Const) and pool.value in ("token", "avg", "")):
        return None
    name = name_of(component)
    if "num_classes" not in component.arguments and ("." in name or name in data()["without_classifier"]):
        return None  # the number depends on the weights of that name, and may be 0
    classes = component.arguments.get("num_classes", Const(1000))
    if isinstance(classes, Const) and classes.value is None:
        return None  # timm drops arguments that are None
    bare = isinstance(classes, Const) and classes.value == 0
    tokens = isinstance(pool, Const) and pool.value == ""
    is_dynamic, is_padded = (_switch(component, name) for name in ("dynamic_img_size", "dynamic_img_pad"))
    if is_dynamic is None or is_padded is None or (tokens and (not bare or is_dynamic)):
        return None
    gives = f"{vit.tokens} {vit.width}" if tokens else str(vit.width) if bare else "num_classes"
    return vision_transformers.resolved(component, _layout(component, vit, f"B {channels}", gives), role, options)


def _switch(component: Component, name: str) -> bool | None:
    """Return whether an argument that is off by default is on; None if that is not known."""
    return truth(component.arguments.get(name, Const(False)))


def _divides_into_heads(component: Component, vit: Vit) -> bool:
    """Return whether the width is a multiple of the number of heads; timm refuses any other (`timm.layers.Attention`).

    Its models have heads of 64, but the largest, which have 16 of them.
    """
    if {"embed_dim", "num_heads"}.isdisjoint(component.arguments) or not isinstance(vit.width, int):
        return True
    match = transformer_name().match(name_of(component))
    width = data()["transformer_widths"][match[1]] if match else BASE[0]
    heads = vision_transformers.number(component, "num_heads", 16 if width > 1024 else width // 64)
    return heads is not None and heads > 0 and vit.width % heads == 0


def _layout(component: Component, vit: Vit, takes: str, gives: str) -> Layout:
    """Return its signature from `takes`, the batch and channels, to `gives`, the axes of its output for each image."""
    has_classes = gives == "num_classes"
    names = tuple(name for name, _ in component.spec.keywords if not has_classes or name != "num_classes")
    positional = ("model_name",) if component.spec.positional else ()
    size, where = f"{vit.image} {vit.image}", ""
    if _switch(component, "dynamic_img_size"):
        padded = _switch(component, "dynamic_img_pad")
        size, where = "H W", "" if padded else f" where H % {vit.patch} == 0 and W % {vit.patch} == 0"
    return Layout(
        given=(*positional, *(("num_classes=1000",) if has_classes else ()), *(f"{name}=None" for name in names)),
        shapes=f"{takes} {size} -> B {gives}{where}",
        parts={"head": f"torch.nn.Linear: B {vit.width} -> B num_classes"} if has_classes else {},
        inert=(*names, *positional),
        classes="num_classes" if has_classes else None,
    )


def call_method(run: Run, owner: Component, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Call a method of a model; None if it is not known here."""
    if owner.part_of is not None:
        return None
    if name == "reset_classifier":
        return _reset(run, owner, arguments)
    if name == "get_classifier" and not arguments.positional:
        return _classifier(run, owner)
    if name == "forward_features" and arguments.positional and not owner.replaced:
        return _features(run, owner, arguments, site)
    if name in INTERMEDIATE and not owner.replaced:
        return _intermediate(run, owner, name, arguments, site)
    if name == "forward_head" and arguments.positional and BEHIND_FEATURES.isdisjoint(owner.replaced):
        bare = arguments.flag(1, "pre_logits")
        return _pooled(run, _variant(owner, WITHOUT_CLASSIFIER) if bare else owner, arguments.positional[0].value)
    return None


def _features(run: Run, owner: Component, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `forward_features`: return the input of the pooling, or of a head that pools."""
    if (measured := _features_of_row(run, owner)) is not None:
        return module_calls.call_component(run, measured, Arguments(arguments.positional[:1]), site)
    rows, given = run.parts(owner), arguments.positional[0].value
    value = image_sizes.image(given) if isinstance(given, Data) else given
    tail = next((name for name in ("global_pool", "head") if name in rows), None)
    rank = parts.rank(rows[tail]) if tail is not None else 0
    if is_transformer(owner) or (tail == "head" and rank == 2):
        return module_calls.call_component(
            run, _variant(owner, WITHOUT_POOLING), Arguments(arguments.positional[:1]), site
        )
    if tail is None or rank in (0, 2) or "pre_logits" in rows or not isinstance(value, Tensor):
        return None
    return replaced_parts.run_until(run, owner, tail, value)


def _intermediate(run: Run, owner: Component, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Interpret a method that returns the maps of inner stages, which are those of `features_only=True`."""
    row, _ = timm_signatures.model(owner.spec, owner.spec.target)
    own = run.stand_in(f"timm.models.{name}")
    if row is None or own is None or name not in by_class(OF_TIMM).get(row.architecture, ()):
        return None
    given = arguments.get(1, INTERMEDIATE[name]) or (NONE if name == "forward_intermediates" else Const(1))
    places = timm_signatures.taken_stages(row, None if given == NONE else library_functions.plain(given))
    if not places:
        return None
    maps = _variant(owner, {"features_only": True, "out_indices": places})
    leading = (Given(owner, NO_SPAN), Given(maps, NO_SPAN), Given(Const(row.prefix or 0), NO_SPAN))
    return run.call(own, Arguments((*leading, *arguments.positional), arguments.keywords, arguments.complete), site)


def _features_of_row(run: Run, owner: Component) -> Component | None:
    """Return a component that does what a model's `forward_features` does, if its row says so."""
    found = timm_signatures.find(owner.spec, owner.spec.target, "forward_features")
    if found is None or versions.difference("timm", found[0].versions):
        return None
    resolved = resolver.applied(found[1], owner.spec, owner.spec.target, naming.place(owner).kind, "stored")
    twin = _variant(owner, {"method": "forward_features"})
    twin.resolved = resolved
    return twin if resolved.signature is not None else None


def _reset(run: Run, owner: Component, given: Arguments) -> Value:
    """Interpret `reset_classifier(num_classes, global_pool=None)`."""
    classes, pool = given.get(0, "num_classes"), given.get(1, "global_pool")
    changed = {"num_classes": classes, **({} if pool in (None, NONE) else {"global_pool": pool})}
    if not all(isinstance(value, Const) and isinstance(value.value, (int, str)) for value in changed.values()):
        forget(run, owner)
        return NONE
    run.touch(owner)
    constants = {name: value for name, value in changed.items() if isinstance(value, Const)}
    owner.spec = _with(owner, {name: value.value for name, value in constants.items()})
    owner.arguments = {**owner.arguments, **constants}
    owner.resolved, owner.parts, owner.replaced = None, {}, {}
    return NONE


def _with(owner: Component, arguments: Mapping[str, Changed]) -> ComponentSpec:
    kept = tuple((name, argument) for name, argument in owner.spec.keywords if name not in arguments)
    span = owner.spec.head
    return replace(
        owner.spec, keywords=(*kept, *((name, Argument(value, span, None)) for name, value in arguments.items()))
    )


def _variant(owner: Component, arguments: Mapping[str, Changed]) -> Component:
    """Return the same model created with other arguments, in the same place."""
    constants = {name: Const(value) for name, value in arguments.items()}
    twin = Component(owner.name, owner.holder, spec=_with(owner, arguments), arguments={**owner.arguments, **constants})
    twin.origin, twin.forgotten = owner.origin, owner.forgotten
    return owner.parts.setdefault(str(arguments), twin)


def _classifier(run: Run, owner: Component) -> Value | None:
    """Return the last layer of a model if its table of parts has it."""
    rows = [name for name, line in run.parts(owner).items() if line.startswith("torch.nn.Linear")]
    found: Value | None = owner if rows else None
    for step in rows[-1].split(".") if rows else ():
        found = parts.child(run, found, step) if isinstance(found, Component) else None
    return found


def _pooled(run: Run, model: Component, features: Value) -> Value:
    """Return a vector (B, D) for each image of the features."""
    signature = run.resolve(model).signature
    pattern = signature.alternatives[0].output if signature else None
    axes = axes_of(features) if isinstance(features, Tensor) else None
    if not isinstance(features, Tensor):
        return UNKNOWN
    if axes is None or not isinstance(pattern, Pattern) or len(pattern.axes) != 2:
        return Tensor(Flow(None, (), features.flow.maker), features.trains)
    width = pattern.axes[1]
    axis = ax.Axis(width, axes[-1].origin)  # type: ignore[arg-type]
    return Tensor(ax.flow((axes[0], axis), features.flow.maker), features.trains)


TIMM = LibraryPlugin(
    "timm",
    packages=frozenset({"timm"}),
    stand_ins={
        FEATURE_INFO: "timm_features.py",
        **{f"timm.models.{name}": "timm_features.py" for name in INTERMEDIATE},
        **{f"timm.utils.{name}": "timm_averages.py" for name in MODEL_AVERAGES},
        **{f"timm.utils.model_ema.{name}": "timm_averages.py" for name in MODEL_AVERAGES},
        **{f"timm.{module}": file for file, modules in PARTS.items() for module in modules},
    },
    components=Components(
        builds=builds,
        parameters={
            "VisionTransformer": ("img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim")
        },
        takes_classes=True,
        attribute=attribute,
        method=call_method,
        resolve=resolve,
        is_described=lambda component: transformer(component) is not None,
        has_all_parts=has_all_parts,
    ),
    returns_self=frozenset({"set_grad_checkpointing"}),
    quiet=frozenset({"init_weights", "no_weight_decay"}),
)
