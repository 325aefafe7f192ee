"""The signatures of timm's models, put together from their rows: without torch, and without a file a model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shapelint.common.patterns import pattern
from shapelint.common.words import words
from shapelint.knowledge import timm_rows
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureFile, SignatureRow
from shapelint.knowledge.timm_rows import CHANNELS_LAST, FIXED, OWN_SIZE, TimmRow
from shapelint.signatures import versions
from shapelint.spec.spec import ComponentSpec

KEEPING_SHAPES = (
    "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "pretrained_strict", "checkpoint_path", "cache_dir",
    "scriptable", "exportable", "no_jit", "drop_rate", "drop_path_rate", "drop_block_rate", "proj_drop_rate",
    "attn_drop_rate", "bn_momentum", "bn_eps", "act_layer",
)  # fmt: skip
"""Arguments of every model that change no shape."""
KEEPING_ATTRIBUTES = frozenset(KEEPING_SHAPES) | words("model_name num_classes in_chans img_size global_pool")
"""Arguments with which a model is of the same class, with the same attributes."""
WITH_CLASSES = frozenset({"pretrained_cfg", "pretrained_cfg_overlay"})
"""Arguments that may say another number of classes."""
CREATE_PARAMETERS = (
    "model_name", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir",
)  # fmt: skip
"""The leading parameters of `timm.create_model`."""
CREATING = frozenset(f"timm.{home}create_model" for home in ("", "models.", "models.factory.", "models._factory."))
"""The names of `create_model`."""
HUB_MODEL = pattern(r"(?:hf[-_]hub:)?(?:timm/)?([\w.\-]+)$")
"""A model as `create_model` takes it: alone, under its organisation, or as a name of the hub."""
CONVOLUTIONAL_POOLS, TOKEN_POOLS = ("avg", "max", "avgmax"), ("avg", "token")
Signed = tuple[SignatureFile, ComponentSignature]


def find(spec: ComponentSpec, target: str, method: str = "forward") -> Signed | None:
    """Return the signature of a model as it is created, or of its `forward_features`; None if no row determines it."""
    row, tag = model(spec, target)
    if row is None or row.reason or spec.note:
        return None
    given = {name: argument.value for name, argument in spec.keywords if argument.value is not None}
    if "num_classes" not in given and not WITH_CLASSES.isdisjoint(given):
        return None
    classes, size = weights(row, tag)
    classes = 0 if classes is None or "/" in target else classes
    size = _asked_size(row, given, size)
    if method == "forward":
        shapes = _shapes(row, given, given.get("num_classes", classes), size)
    else:
        shapes = "" if "features_only" in given else _signature(row, size, _at(row, row.features, size))
    if not shapes:
        return None
    parts = _parts(row, given, shapes, size)
    rows = SignatureRow(shapes=shapes, parts=parts, listed=row.accepts == OWN_SIZE, outline=True)
    component = ComponentSignature(
        call=f"{target}({_parameters(spec, target, classes, row.channels)})",
        role="backbone",
        rows=(rows,),
        inert=frozenset([*_inert(spec), *(["img_size"] if row.resizes else [])]),
        classes="num_classes",
    )
    return _file(), component


def is_as_measured(spec: ComponentSpec, free: frozenset[str]) -> bool:
    """Whether a model is as it was measured: all its arguments are seen, and `free`, and no other version is there."""
    given = {name for name, argument in spec.keywords if argument.value is not None}
    is_seen = not spec.partial and not spec.note
    return is_seen and given <= free and not versions.difference("timm", (timm_rows.version(),))


def named(spec: ComponentSpec, target: str) -> tuple[str, str]:
    """Return the name of the model that a component creates, and that of its weights; both may be empty."""
    library, slash, name = target.partition("/")
    if target in CREATING:
        given = [argument.value for argument in spec.positional[:1]]
        given += [argument.value for key, argument in spec.keywords if key == "model_name"]
        name = str(given[0]) if given and isinstance(given[0], str) else ""
    elif not (slash and library == "timm"):
        name = target.rpartition(".")[2] if target.startswith("timm.models.") else ""
    match = HUB_MODEL.match(name)
    architecture, _, tag = match[1].partition(".") if match else ("", "", "")
    return architecture, tag


def model(spec: ComponentSpec, target: str) -> tuple[TimmRow | None, str]:
    """Return the row of the model that a component creates, and the name of its weights."""
    architecture, tag = named(spec, target)
    row = timm_rows.find(architecture)
    return (row, tag) if row is not None and (not tag or weights(row, tag)[1]) else (None, tag)


def stages(row: TimmRow) -> list[tuple[int, int]]:
    """Return the channels and the reduction of each map that `features_only=True` can give."""
    return [(int(width), int(step)) for width, _, step in (one.strip("-").partition("/") for one in _stages(row))]


def _stages(row: TimmRow) -> list[str]:
    return row.stages.removeprefix(CHANNELS_LAST).split()


def weights(row: TimmRow, tag: str) -> tuple[int | None, str]:
    """Return the number of classes and the image size of some weights; no size if there are no such weights."""
    for text in row.tags.split():
        name, _, rest = text.partition(":")
        if name == tag:
            classes, _, size = rest.partition(":")
            return (int(classes) if classes else row.classes), size or row.size
    return row.classes, "" if tag else row.size


def _asked_size(row: TimmRow, given: Mapping[str, Any], size: str) -> str:
    """Return the image size of a model of one size, which `img_size` may change; empty if it is then not known."""
    asked = given.get("img_size")
    if asked is None or not row.resizes:
        return size
    sides = tuple(asked) if isinstance(asked, (tuple, list)) else (asked, asked)
    step, smallest, largest = map(int, row.resizes.split()[:3])
    if len(sides) != 2 or sides[0] != sides[1] or not isinstance(sides[0], int):
        return ""
    allowed = smallest <= sides[0] <= largest and sides[0] % step == 0
    return f"{sides[0]}x{sides[0]}" if allowed else ""


def _at(row: TimmRow, axes: str, size: str) -> str:
    """Return the axes of features, `197 384`, for images of a size that may not be the row's; empty if not known."""
    if size == row.size or row.accepts not in (FIXED, OWN_SIZE):
        return axes
    _, _, _, *patch = row.resizes.split() or [""] * 3
    if not patch or not size or not re.fullmatch(r"\d+ \d+", axes):
        return ""
    grid = int(size.partition("x")[0]) // int(patch[0])
    return f"{grid**2 + (row.prefix or 0)} {axes.partition(' ')[2]}"


def _shapes(row: TimmRow, given: Mapping[str, Any], classes: Any, size: str) -> str:
    if "features_only" in given or "out_indices" in given:
        return _maps(row, given, size)
    pool = given.get("global_pool")
    if pool == "" and classes == 0:
        return _signature(row, size, _at(row, row.unpooled, size))
    if pool is not None and pool not in _pools(row):
        return ""
    return _signature(row, size, row.output if classes == 0 else "num_classes") if row.output.isdigit() else ""


def _pools(row: TimmRow) -> tuple[str, ...]:
    """Return the poolings, other than none, which give as wide an output as the default one."""
    axes = len(row.features.split()) if row.unpooled == row.features else 0
    return CONVOLUTIONAL_POOLS if axes == 3 else TOKEN_POOLS if axes == 2 and row.prefix else ()


def _maps(row: TimmRow, given: Mapping[str, Any], size: str) -> str:
    """Return the signature of a model with `features_only=True`."""
    chosen = chosen_stages(row, given)
    if not chosen:
        return ""
    return _signature(row, size, f"[{', '.join(f'B {_map(row, size, *stage)}' for stage in chosen)}]", whole=True)


def chosen_stages(row: TimmRow, given: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the channels and the reduction of the maps of a model with `features_only=True`; none if not known."""
    known = stages(row)
    by_default = tuple(index for index, stage in enumerate(_stages(row)) if not stage.startswith("-"))
    indices = given.get("out_indices", by_default)
    wanted = (indices,) if isinstance(indices, int) else indices
    if given.get("features_only") is not True or not known or not isinstance(wanted, (tuple, list)):
        return []
    if not all(isinstance(index, int) and -len(known) <= index < len(known) for index in wanted):
        return []
    return [known[index] for index in wanted]


def taken_stages(row: TimmRow, wanted: Any) -> tuple[int, ...]:
    """Return the places of stages as timm takes them: all for None, the last for a number, or those of a list.

    None where the channels are the last axis: that is of `features_only=True` alone.
    """
    count = 0 if row.stages.startswith(CHANNELS_LAST) else len(_stages(row))
    if wanted is None or (isinstance(wanted, int) and 0 < wanted <= count):
        return tuple(range(count - (wanted or count), count))
    listed = wanted if isinstance(wanted, (list, tuple)) else ()
    known = all(isinstance(index, int) and -count <= index < count for index in listed)
    return tuple(sorted({index % count for index in listed})) if known else ()


def _map(row: TimmRow, size: str, width: int, step: int) -> str:
    """Return the axes of one map, whose sides are rounded as those of the last map; names where that says nothing."""
    pixels = [int(side) for side in size.split("x") if side]
    last, *last_sides = row.features.split() or [""]
    if row.accepts in (FIXED, OWN_SIZE) and pixels and not any(side % step for side in pixels):
        sides = [str(side // step) for side in pixels]
    elif "((H-1)//" in row.features:
        sides = [f"(({side}-1)//{step}+1)" for side in "HW"]
    elif "(H//" in row.features:
        sides = [f"({side}//{step})" for side in "HW"]
    elif last == str(width) and len(last_sides) == 2 and step == max(reduction for _, reduction in stages(row)):
        sides = last_sides
    else:
        sides = [f"{side}{step}" for side in "hw"]
    return " ".join([*sides, str(width)] if row.stages.startswith(CHANNELS_LAST) else [str(width), *sides])


def _signature(row: TimmRow, size: str, output: str, whole: bool = False) -> str:
    """Return the signature with some output for each image, for the image sizes that the model accepts."""
    height, _, width = size.partition("x")
    gives = output if whole else f"B {output}"
    channels = "in_chans" if row.any_channels else str(row.channels)
    step, _, smallest = row.accepts.partition(" ")
    if not output or not size:
        return ""
    if row.accepts in (FIXED, OWN_SIZE):
        return f"B {channels} {height} {width} -> {gives}"
    limits = [f"{side} > {int(smallest) - 1}" for side in "HW" if int(smallest) > 1]
    limits += [f"{side} % {step} == 0" for side in "HW" if step != "1"]
    where = f" where {' and '.join(limits)}" if limits else ""
    return f"B {channels} H W -> {gives}{where}"


def _parameters(spec: ComponentSpec, target: str, classes: int, channels: int) -> str:
    """Return the parameters of the call: what the spec passes, and those that a signature may name."""
    leading = CREATE_PARAMETERS if target in CREATING else CREATE_PARAMETERS[1:2]
    named = [f"{name}=None" for name in leading]
    others = dict.fromkeys(name for name, _ in spec.keywords if name not in leading)
    fixed = {"num_classes": classes, "in_chans": channels}
    keywords = [f"{name}={fixed.get(name)}" for name in [*fixed, *(name for name in others if name not in fixed)]]
    return ", ".join([*named, "*", *keywords])


def _inert(spec: ComponentSpec) -> list[str]:
    """Return the arguments that change no shape, or are accounted for: timm drops those that are None."""
    absent = [name for name, argument in spec.keywords if argument.value is None]
    return [*KEEPING_SHAPES, "model_name", "num_classes", "global_pool", "features_only", "out_indices", *absent]


def _parts(row: TimmRow, given: Mapping[str, Any], shapes: str, size: str) -> dict[str, str]:
    """Return the direct children of a model and its classifier, as far as they are those that were measured."""
    path, _, width = row.classifier.partition(" ")
    has_classifier = path != "" and "-> B num_classes" in shapes
    classifier = {path: f"torch.nn.Linear: B {width} -> B num_classes"} if has_classifier else {}
    children = dict(part.split(" ", 1) for part in row.parts.split("; ")) if row.parts else {}
    is_resized = size != row.size and row.accepts in (FIXED, OWN_SIZE)
    if is_resized or not {"in_chans", "global_pool", "features_only", "out_indices"}.isdisjoint(given):
        return classifier
    if has_classifier and children:
        last = path.partition(".")[0]
        if last != list(children)[-1]:
            return classifier
        children[last] = f"{children[last].rpartition('->')[0]}-> B num_classes"
    return {**children, **classifier}


def _file() -> SignatureFile:
    return SignatureFile(library="timm", versions=(timm_rows.version(),), made_by="tracer", components=())
