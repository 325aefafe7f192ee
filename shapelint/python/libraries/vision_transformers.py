"""Vision transformers: the attributes that scripts read off them, and what they give.

Widths of timm's names are those of its configurations; `rules/functions.yaml` has the methods of lightly's wrappers.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.python.objects import dicts
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import Component, Const, Items, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.resolve import options, resolver
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Step

TIMM_NAME = re.compile(r"vit_(tiny|small|base|large|huge)_patch(\d+)_(\d+)(?:\.\w+)?$")
TIMM_WIDTHS = {"tiny": 192, "small": 384, "base": 768, "large": 1024, "huge": 1280}
WITHOUT_CLASSES = ("vit_small_patch8_224", "vit_large_patch32_224", "vit_huge_patch14_224")
"""The models of timm that have no classifier by default, since the first of their weights have none."""
TORCHVISION_NAME = re.compile(r"torchvision\.models\.vit_([blh])_(\d+)$")
TORCHVISION_WIDTHS = {"b": 768, "l": 1024, "h": 1280}
FREE = frozenset({"dynamic_img_size", "strict_img_size", "embed_layer"})
"""Arguments with which a transformer of timm may take other images than those of its own size."""
WRAPPERS = (
    "MaskedVisionTransformerTIMM",
    "MaskedVisionTransformerTorchvision",
    "IJEPABackbone",
    "IJEPAPredictor",
)
MAXIMUM_WRAPPERS = 5
WIDTHS = ("embed_dim", "hidden_dim")
SIZES = ("img_size", "image_size")
PARAMETERS = {
    "MaskedVisionTransformerTIMM": ("vit",),
    "MaskedVisionTransformerTorchvision": ("vit",),
    "VisionTransformer": ("image_size", "patch_size", "num_layers", "num_heads", "hidden_dim", "mlp_dim"),
    "MemoryBankModule": ("size",),
    "NNMemoryBankModule": ("size",),
    "SMoGPrototypes": ("group_features", "beta"),
    "AIMPredictionHead": ("input_dim", "output_dim"),
}


@frozen
class Vit:
    """The numbers of one vision transformer; `prefix` counts class and register tokens."""

    width: Dim
    patch: int
    image: int
    prefix: int

    @property
    def grid(self) -> int:
        """Patches along one side."""
        return self.image // self.patch


def parameters(target: str) -> tuple[str, ...]:
    """The names of the leading positional arguments of modules without a stored signature."""
    return PARAMETERS.get(target.rpartition(".")[2], ())


def name_of(component: Component) -> str:
    """The model's name: the constructor's, or the one that `create_model` is given."""
    last = component.spec.target.rpartition(".")[2]
    if last in ("create_model", "get_model"):
        given = component.arguments.get("(0)", component.arguments.get("model_name", component.arguments.get("name")))
        return given.value if isinstance(given, Const) and isinstance(given.value, str) else ""
    return last


def describes(target: str) -> bool:
    """Whether a target is a vision transformer that is described here."""
    last = target.rpartition(".")[2]
    is_class = last == "VisionTransformer" and target.startswith(("torchvision.models.", "timm."))
    return is_class or bool(TIMM_NAME.match(last)) or last in WRAPPERS


def describe(component: Component, depth: int = 0) -> Vit | None:
    """The numbers of a vision transformer, None for anything else."""
    if depth > MAXIMUM_WRAPPERS or component.hidden:
        return None
    target, last = component.spec.target, component.spec.target.rpartition(".")[2]
    if last in WRAPPERS:
        inner = component.arguments.get("vit")
        return describe(inner, depth + 1) if isinstance(inner, Component) else None
    if isinstance(component.part_of, Component):
        return describe(component.part_of, depth + 1)
    if target.startswith("timm") and (match := TIMM_NAME.match(name_of(component))):
        return _timm(component, TIMM_WIDTHS[match[1]], int(match[2]), int(match[3]))
    if match := TORCHVISION_NAME.match(target):
        image = _number(component, "image_size", 224)
        return Vit(TORCHVISION_WIDTHS[match[1]], int(match[2]), image, 1) if image else None
    if target == "torchvision.models.VisionTransformer":
        width = integer(component.arguments.get("hidden_dim"))
        patch, image = _number(component, "patch_size", 0), _number(component, "image_size", 0)
        return Vit(width, patch, image, 1) if width is not None and patch and image else None
    is_timms = target.startswith("timm.") and last == "VisionTransformer" and not component.spec.positional
    if last == "MaskedCausalVisionTransformer" or is_timms:
        return _timm(component, 768, 16, 224)
    return None


def _timm(component: Component, width: int, patch: int, image: int) -> Vit | None:
    wide = component.arguments.get("embed_dim")
    size = width if wide is None else integer(wide)
    registers = _number(component, "reg_tokens", 0)
    token = component.arguments.get("class_token", Const(True))
    patch_size, image_size = _number(component, "patch_size", patch), _number(component, "img_size", image)
    if size is None or not isinstance(token, Const) or not patch_size or not image_size or registers is None:
        return None
    return Vit(size, patch_size, image_size, registers + bool(token.value))


def _number(component: Component, name: str, default: int) -> int | None:
    value = component.arguments.get(name)
    size = default if value is None else integer(value)
    return size if isinstance(size, int) else None


def attribute(run: Run, component: Component, name: str) -> Value | None:
    """An attribute of a vision transformer or of lightly's wrapper around one; None for what is not known here."""
    vit = describe(component)
    if vit is None:
        return None
    patch = _as_given(component, "patch_size", vit.patch)
    pair = Items([patch, patch], "tuple")
    grid = Items([Const(vit.grid), Const(vit.grid)], "tuple")
    wrapper = component.spec.target.rpartition(".")[2] in WRAPPERS
    torchvision = component.spec.target.startswith("torchvision.")
    patches = vit.grid * vit.grid
    found: dict[str, Value] = {
        "num_prefix_tokens": Const(vit.prefix),
        "has_class_token": Const(vit.prefix > 0),
        "pos_embed": Tensor(ax.flow(ax.sized([1, patches + vit.prefix, vit.width]), ax.NOWHERE), True),
    }
    if wrapper:
        found["sequence_length"] = Const(patches + vit.prefix)
        found["vit"] = component.arguments.get("vit", Const(None))
    elif torchvision:
        found |= {"hidden_dim": Const(vit.width), "patch_size": patch, "image_size": Const(vit.image)}
        found |= {"seq_length": Const(patches + vit.prefix)}
        encoder = replace(component.spec, target="torchvision.models.vision_transformer.Encoder")
        found["encoder"] = Component(spec=encoder, part_of=component)
    else:
        found |= {"embed_dim": Const(vit.width), "num_features": Const(vit.width), "grad_checkpointing": Const(False)}
        embed: dict[str, Value] = {"patch_size": pair, "num_patches": Const(patches), "grid_size": grid}
        found["patch_embed"] = dicts.namespace(embed)
    return found.get(name)


def _as_given(component: Component, name: str, size: int) -> Value:
    """A number of a transformer, with the place of the argument that says it."""
    given = component.arguments.get(name)
    return given if isinstance(given, Const) and given.value == size else Const(size)


def steps(component: Component) -> dict[str, tuple[Step, ...]]:
    """The places beside a component that decided its numbers, by the names that the method table has for them."""
    found: dict[str, tuple[Step, ...]] = {}
    inner = _inside(component)
    vit = describe(inner) if inner is not component else None
    if vit is not None:
        found["embed_dim"] = written(inner, WIDTHS) or (Step(inner.spec.span, f"{name_of(inner)} is {vit.width} wide"),)
    found["image_height"] = found["image_width"] = written(inner, SIZES)
    if (groups := _groups(component)) is not None:
        found["n_groups"], found["n_features"] = (axis.origin.steps for axis in groups)
    return found


def written(component: Component, names: tuple[str, ...]) -> tuple[Step, ...]:
    """The arguments of some names that a transformer was built with."""
    given = ((name, argument) for name, argument in component.spec.keywords if name in names)
    return tuple(Step(argument.span, f"{name} is {argument.value}") for name, argument in given)


def _inside(component: Component) -> Component:
    """The transformer that a component wraps or is a part of, or the component itself."""
    for _ in range(MAXIMUM_WRAPPERS):
        inner = component.part_of or component.arguments.get("vit")
        if not isinstance(inner, Component):
            break
        component = inner
    return component


def values(run: Run, component: Component) -> dict[str, Any]:
    """The names that the method table may use beside the module's own arguments."""
    vit = describe(component)
    found: dict[str, Any] = {"embed_dim": vit.width} if vit is not None else {}
    if vit is not None and _is_fixed(component):
        found |= {"image_height": vit.image, "image_width": vit.image}
    if (groups := _groups(component)) is not None:
        found["n_groups"], found["n_features"] = (axis.size for axis in groups)
    return found


def _groups(component: Component) -> ax.Axes | None:
    """The axes of the vectors (G, D) that prototypes were built with, where they are known."""
    groups = component.arguments.get("group_features")
    return ax.of(groups.flow) if isinstance(groups, Tensor) and len(groups.shape or ()) == 2 else None


def is_plain(component: Component) -> bool:
    """Whether a component is a vision transformer of timm itself."""
    target = component.spec.target
    return target.startswith("timm") and component.part_of is None and describe(component) is not None


def _is_fixed(component: Component) -> bool:
    """Whether one of timm's transformers takes images of its own size alone; lightly's others interpolate."""
    inner = component.arguments.get("vit", component)
    if not isinstance(inner, Component) or inner.spec.note or not FREE.isdisjoint(inner.arguments):
        return False
    return component.spec.target.rpartition(".")[2] in ("MaskedVisionTransformerTIMM", "MaskedCausalVisionTransformer")


def resolve(component: Component, role: str, options: options.Options) -> Resolved | None:
    """The signature of a plain vision transformer, which needs no trace; its head is its only known part."""
    if component.spec.target == "torchvision.models.VisionTransformer":
        return _of_torchvision(component, role, options)
    if not is_plain(component):
        return None
    vit, channels = describe(component), _number(component, "in_chans", 3)
    if vit is None or not isinstance(vit.width, int) or channels is None:
        return None
    if not {"features_only", "out_indices"}.isdisjoint(component.arguments):
        return None
    pool = component.arguments.get("global_pool")
    if pool is not None and not (isinstance(pool, Const) and pool.value in ("token", "avg", "")):
        return None
    name = name_of(component)
    if "num_classes" not in component.arguments and ("." in name or name in WITHOUT_CLASSES):
        return None  # as many as the weights of that name have, or none
    classes = component.arguments.get("num_classes", Const(1000))
    if isinstance(classes, Const) and classes.value is None:
        return None  # timm leaves out what is None
    bare = isinstance(classes, Const) and classes.value == 0
    names = [name for name, _ in component.spec.keywords if bare or name != "num_classes"]
    positional = ["model_name"] if component.spec.positional else []
    given = [*positional, *(() if bare else ("num_classes=1000",)), *(f"{name}=None" for name in names)]
    call = ", ".join(given)
    size, where = f"{vit.image} {vit.image}", ""
    if "dynamic_img_size" in names:
        padded = "dynamic_img_pad" in names
        size, where = "H W", "" if padded else f" where H % {vit.patch} == 0 and W % {vit.patch} == 0"
    tokens = isinstance(pool, Const) and pool.value == ""
    if tokens and (not bare or size == "H W"):
        return None
    gives = f"{vit.grid * vit.grid + vit.prefix} {vit.width}" if tokens else vit.width if bare else "num_classes"
    parts = {} if bare else {"head": f"torch.nn.Linear: B {vit.width} -> B num_classes"}
    row = SignatureRow.model_construct(parts=parts, shapes=f"B {channels} {size} -> B {gives}{where}")
    signature = ComponentSignature.model_construct(
        call=f"{component.spec.target}({call})",
        role="backbone",
        rows=(row,),
        inert=frozenset([*names, *positional]),
        classes=None if bare else "num_classes",
    )
    return resolver.applied(signature, component.spec, component.spec.target, role, "stored")


def _of_torchvision(component: Component, role: str, options: options.Options) -> Resolved | None:
    """torchvision's transformer as a class: it takes square images of its own size alone."""
    vit, given = describe(component), constructed(component)
    if (
        vit is None
        or not isinstance(vit.width, int)
        or not {"representation_size", "conv_stem_configs"}.isdisjoint(given)
    ):
        return None
    others = [name for name in given if name != "num_classes"]
    row = SignatureRow.model_construct(
        parts={
            "heads": f"torch.nn.Sequential: B {vit.width} -> B num_classes",
            "heads.head": f"torch.nn.Linear: B {vit.width} -> B num_classes",
        },
        shapes=f"B 3 {vit.image} {vit.image} -> B num_classes",
    )
    signature = ComponentSignature.model_construct(
        call=f"{component.spec.target}({', '.join([*(f'{name}=None' for name in others), 'num_classes=1000'])})",
        role="backbone",
        rows=(row,),
        inert=frozenset(others),
        classes="num_classes",
    )
    return resolver.applied(signature, component.spec, component.spec.target, role, "stored")


def constructed(component: Component) -> tuple[str, ...]:
    """The names of the arguments that a component was built with, in order."""
    positional = parameters(component.spec.target)[: len(component.spec.positional)]
    return (*positional, *(name for name, _ in component.spec.keywords))
