"""timm's models as rows of `rules/timm_models.tsv`: `python -m shapelint.trace.make.timm_models [NAME...]`.

Every model is built on the meta device and run on images of several sizes; its row says what was seen at all of them.
A model that is in the file already, made with the installed version, is not measured again, so that the command can be
stopped and started. A model that cannot be built or run has a row with the reason. One that takes too long at several
sizes is measured at its own alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, product
from typing import Any

from shapelint.knowledge import rules_folder
from shapelint.knowledge.class_attributes import OF_TIMM
from shapelint.knowledge.timm_rows import (
    CHANNELS_LAST,
    COLUMNS,
    FIXED,
    NAMES_FILE,
    OWN_SIZE,
    TIMM_FILE,
    TimmRow,
)
from shapelint.trace import limits, meta
from shapelint.trace.make.attribute_files import own_attributes, write_rows

IMAGES_AT_ONCE = 3
MODEL_SECONDS = 240.0
"""The processor time after which a measurement of one model ends."""
SIZE_STEPS = (1, 2, 4, 7, 8, 14, 16, 32, 64, 224)
"""The steps between image sizes that are tried, in this order."""
LARGER = ((0, 0), (1, 47), (17, 6), (33, 160), (70, 31), (131, 1), (190, 97), (415, 520))
"""How many steps higher and wider than the smallest image the images are from which formulas are read."""
DIVISORS = (1, 2, 4, 8, 16, 32, 64, 128, 7, 14, 28, 12, 24, 48)
"""The strides that are tried, in this order."""
MOST_OFFSET = 64
RESIZED_BY = (1, 32, 64)
"""The steps between values of `img_size` that are tried, in this order."""
RESIZED_TO = ((1 / 7, 0.4, 1.3, 2), (0.4, 0.8, 1.3, 2))
"""The values of `img_size` that are tried together, as parts of the native one."""
PATCH_SIDES = (8, 14, 16, 32)
SOME_CLASSES = 10
"""The classes with which a model that has none by default is built to see its classifier."""

Sides = tuple[int, int]


def measure(name: str, at_several_sizes: bool = True) -> TimmRow:
    """Measure one model. Raises Untraceable with the reason if it cannot be built or run on images of its own size."""
    config = _config(name)
    module = _build(name, num_classes=0)
    channels, *native = config.input_size
    images = _Images(module, channels, (native[0], native[1]))
    own = (OWN_SIZE, [images.native])
    accepts, sizes = images.accepted(config.fixed_input_size) if at_several_sizes else own
    unpooled = _try(lambda: _build(name, num_classes=0, global_pool=""))
    features = images.formula(module.forward_features, sizes)
    few = [*sizes[:2], sizes[-1]]
    same = unpooled is not None and images.shapes(unpooled, few) == images.shapes(module.forward_features, few)
    return TimmRow(
        name=name,
        classes=config.num_classes,
        channels=channels,
        size=f"{native[0]}x{native[1]}",
        accepts=accepts,
        output=images.formula(module, few),
        features=features,
        unpooled=features if same else images.formula(unpooled, sizes) if unpooled is not None else "",
        num_features=_number(module, "num_features"),
        hidden=_number(module, "head_hidden_size"),
        embed_dim=_number(module, "embed_dim"),
        prefix=_number(module, "num_prefix_tokens"),
        stages=_stages(name, module, channels, images.native),
        classifier=_classifier(name, config.num_classes),
        any_channels=_try(lambda: meta.run(_build(name, in_chans=channels + 2), images.shape(images.native, 2)))
        is not None,
        tags=_tags(name, config),
        parts=images.parts(sizes),
        resizes="" if accepts not in (FIXED, OWN_SIZE) else _resizes(name, images, images.shapes(module, [native])[0]),
        architecture=type(module).__name__,
    )


def _resizes(name: str, images: _Images, output: tuple[int, ...]) -> str:
    """Return with which `img_size` a model can be built, as in a row; empty if its output changes with it."""
    side = images.native[0]
    for step, parts in product(RESIZED_BY, RESIZED_TO):
        sides = [round(side * part / step) * step for part in parts]
        resized = [_try(partial(_build, name, num_classes=0, img_size=one)) for one in sides]
        if images.native != (side, side) or any(one is None for one in resized):
            continue
        others = [_Images(module, images.channels, (one, one)) for module, one in zip(resized, sides)]
        if [one.shapes(one.module, [one.native])[0] for one in others] == [output] * len(others):
            loose = any(one.runs(images.native) for one in others)
            return "" if loose else f"{step} {min(sides)} {max(sides)}{_patch(others, images)}"
    return ""


def _patch(resized: Sequence[_Images], images: _Images) -> str:
    """Return the side of the patches that `forward_features` gives at every size; empty if it gives others."""
    prefix = _number(images.module, "num_prefix_tokens") or 0
    models = [images, *resized]
    given = [one.shapes(one.module.forward_features, [one.native])[0] for one in models]
    for patch in PATCH_SIDES:
        if [shape[1:-1] for shape in given] == [((one.native[0] // patch) ** 2 + prefix,) for one in models]:
            return f" {patch}"
    return ""


class _Images:
    """What a model accepts and gives, by image size."""

    def __init__(self, module: Any, channels: int, native: Sides) -> None:
        self.module, self.channels, self.native = module, channels, native

    def shape(self, size: Sides, more_channels: int = 0) -> tuple[int, ...]:
        return (IMAGES_AT_ONCE, self.channels + more_channels, *size)

    def runs(self, size: Sides) -> bool:
        return meta.runs(self.module, self.shape(size))

    def accepted(self, is_fixed: bool) -> tuple[str, list[Sides]]:
        """Return which sizes the model accepts, in the words of a row, and some of them."""
        meta.run(self.module, self.shape(self.native))
        height, width = self.native
        for step in () if is_fixed else SIZE_STEPS:
            others = [(height + step, width), (height, width + step), (height + 3 * step, width + 5 * step)]
            if height % step == 0 and width % step == 0 and all(map(self.runs, others)):
                smallest = self._smallest(step)
                sizes = [(smallest + a * step, smallest + b * step) for a, b in LARGER]
                return f"{step} {smallest}", [self.native, *filter(self.runs, sizes)]
        near = [(height - 1, width), (height, width - 1), (height + 1, width), (2 * height, 2 * width)]
        return (OWN_SIZE if any(map(self.runs, near)) else FIXED), [self.native]

    def _smallest(self, step: int) -> int:
        """Return the smallest side, a multiple of `step`, from which on square images run; found by halving."""
        low, high = 0, min(self.native) // step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.runs((middle * step, middle * step)) else (middle, high)
        return high * step

    def shapes(self, call: Any, sizes: Sequence[Sides]) -> list[tuple[int, ...]]:
        """Return the shape that a call gives at each size; () where it raises or gives no tensor."""
        return [_shape(_try(partial(meta.run, call, self.shape(size)))) for size in sizes]

    def formula(self, call: Callable[..., Any], sizes: Sequence[Sides]) -> str:
        """Return the axes after the batch as formulas in H and W that hold for all sizes; empty if there are none."""
        shapes = self.shapes(call, sizes)
        if any(not shape or len(shape) != len(shapes[0]) or shape[0] != IMAGES_AT_ONCE for shape in shapes):
            return ""
        axes = _axes(list(zip(*shapes))[1:], sizes)
        return " ".join(axes) if all(axes) else ""

    def parts(self, sizes: Sequence[Sides]) -> str:
        """Return the lines of the direct children, `conv1 torch.nn.Conv2d: B 3 H W -> B 64 ...`, joined by semicolons.

        Empty unless each is called once, on what the one before it gives, in the order in which they are listed.
        """
        children = dict(self.module.named_children())
        runs = [_calls(self.module, children, self.shape(size)) for size in sizes]
        if any([name for name, _, _ in calls] != list(children) for calls in runs):
            return ""
        lines, before = [], ""
        for index, (name, child) in enumerate(children.items()):
            shapes = [[calls[index][side] for calls in runs] for side in (1, 2)]
            if any(not shape or len(shape) != len(side[0]) for side in shapes for shape in side):
                return ""
            axes = [_axes(list(zip(*side))[1:], sizes) for side in shapes]
            if not all(map(all, axes)):
                return ""
            takes, gives = (" ".join(["B", *side]) for side in axes)
            if before not in ("", takes):
                return ""
            before = gives
            lines.append(f"{name} {meta.class_name(child)}: {takes} -> {gives}")
        return "; ".join(lines)


def _calls(module: Any, children: Mapping[str, Any], shape: tuple[int, ...]) -> list[tuple[str, Any, Any]]:
    """Return the name, input shape and output shape of each call of a child while a model runs; () for no tensor."""
    calls: list[tuple[str, Any, Any]] = []

    def note(name: str, given: Any, output: Any) -> None:
        calls.append((name, _shape(given[0]) if len(given) == 1 else (), _shape(output)))

    hooks = [
        child.register_forward_hook(lambda _, given, output, name=name: note(name, given, output))
        for name, child in children.items()
    ]
    _try(lambda: meta.run(module, shape))
    for hook in hooks:
        hook.remove()
    return calls


def _axes(found: Sequence[Sequence[int]], sizes: Sequence[Sides]) -> list[str]:
    """Return each axis as a number or a formula, of the same kind for both sides; empty where there is none.

    One size alone proves no formula.
    """
    heights, widths = zip(*sizes)
    by_height, by_width = ([_divisions(sides, one) for one in found] for sides in (heights, widths))
    shared = [pair for pair in chain(*by_height) if any(pair in pairs for pairs in by_width)]
    return [
        str(one[0])
        if len(set(one)) == 1
        else next((_division("H", *pair) for pair in down if pair in shared), "")
        or next((_division("W", *pair) for pair in across if pair in shared), "")
        or _tokens(one, sizes)
        for one, down, across in zip(found, by_height, by_width)
    ]


def _divisions(sides: Sequence[int], found: Sequence[int]) -> list[tuple[int, int]]:
    """Return all (r, a) with which `(H+a)//r` has the values found; rounding up is `a = r - 1`."""
    offsets = sorted(range(-MOST_OFFSET, MOST_OFFSET + 1), key=abs)
    pairs = [(step, offset) for step in DIVISORS for offset in (step - 1, *offsets)]
    return [(step, offset) for step, offset in pairs if [(side + offset) // step for side in sides] == list(found)]


def _division(name: str, step: int, offset: int) -> str:
    if offset == step - 1:
        return f"(({name}-1)//{step}+1)" if step > 1 else name
    return f"(({name}{offset:+d})//{step})" if offset else f"({name}//{step})"


def _tokens(found: Sequence[int], sizes: Sequence[Sides]) -> str:
    """Return a number of tokens: those of a grid of patches, and some more."""
    for step in (4, 7, 8, 14, 16, 32):
        for name, grid in (
            (f"(H//{step})*(W//{step})", [(h // step) * (w // step) for h, w in sizes]),
            (f"((H-1)//{step}+1)*((W-1)//{step}+1)", [((h - 1) // step + 1) * ((w - 1) // step + 1) for h, w in sizes]),
        ):
            more = {tokens - patches for tokens, patches in zip(found, grid)}
            if len(more) == 1 and (rest := more.pop()) >= 0:
                return f"({name}+{rest})" if rest else f"({name})"
    return ""


def _config(name: str) -> Any:
    """Return what timm says of a model's weights: their number of classes, image size and channels."""
    import timm

    return timm.models.get_pretrained_cfg(name)


def _build(name: str, **arguments: Any) -> Any:
    import timm

    return meta.build(lambda: timm.create_model(name, **arguments)).eval()


def _try(attempt: Callable[[], Any]) -> Any:
    """Return what a call returns, None if it raises."""
    try:
        return attempt()
    except Exception:
        return None


def _shape(output: Any) -> tuple[int, ...]:
    return tuple(getattr(output, "shape", ()))


def _number(module: Any, name: str) -> int | None:
    value = getattr(module, name, None)
    return value if isinstance(value, int) else None


def _stages(name: str, module: Any, channels: int, size: Sides) -> str:
    """Return the maps of `features_only=True`, as `-64/2 128/4`, if those that it gives are the ones it declares.

    A minus stands before those that it does not give unless `out_indices` names them, `NHWC` before all if the
    channels are the last axis.
    """
    declared = [(one["num_chs"], one["reduction"]) for one in getattr(module, "feature_info", None) or ()]
    wrapped = _try(lambda: _build(name, features_only=True))
    maps = _try(lambda: meta.run(wrapped, (IMAGES_AT_ONCE, channels, *size))) if wrapped is not None else None
    if maps is None:
        return ""
    given = wrapped.feature_info
    pairs = list(zip(given.channels(), given.reduction()))
    seen = [tuple(one.shape[1:]) for one in maps]
    told = [(width, -(-size[0] // step), -(-size[1] // step)) for width, step in pairs]
    is_last = seen != told and seen == [(*sides, width) for width, *sides in told]
    texts = [
        f"{'' if index in given.out_indices else '-'}{width}/{step}" for index, (width, step) in enumerate(declared)
    ]
    fits = (is_last or seen == told) and set(pairs) <= set(declared)
    return " ".join([CHANNELS_LAST, *texts] if is_last else texts) if fits else ""


def _classifier(name: str, classes: int) -> str:
    """Return the classifier of a model that has one, as `fc 512`: its dotted name and the width that it takes."""
    import torch

    module = _try(lambda: _build(name, num_classes=classes or SOME_CLASSES))
    found = _try(lambda: module.get_classifier())
    if not isinstance(found, torch.nn.Linear):
        return ""
    path = next((path for path, child in module.named_modules() if child is found), "")
    return f"{path} {found.in_features}" if path else ""


def _tags(name: str, default: Any) -> str:
    """Return the weights that there are, as `in1k in21k:21841:384x384` with what differs from the default ones."""
    import timm

    texts = []
    for full in timm.list_models(f"{name}.*", pretrained=True):
        tag = full.partition(".")[2]
        config = _config(full)
        size = "x".join(map(str, config.input_size[1:]))
        same = (config.num_classes, config.input_size) == (default.num_classes, default.input_size)
        texts.append(tag if same else f"{tag}:{config.num_classes}:{size}")
    return " ".join(texts)


def write_attributes(header: str, rows: Mapping[str, str]) -> None:
    """Write the attributes of each class, those of the first of its models: the others of a class have the same."""
    column = COLUMNS.index("architecture")
    models: dict[str, str] = {}
    for name in sorted(rows):
        models.setdefault(rows[name].split("\t")[column], name)
    built = (
        (architecture, own_attributes(_build(name))) for architecture, name in sorted(models.items()) if architecture
    )
    write_rows(OF_TIMM, header, built)


def measured_row(name: str) -> TimmRow:
    """Return the row of one model, within the limit of time."""
    reason = f"takes more than {MODEL_SECONDS:g} s of processor time to measure"
    for at_several_sizes in (True, False):
        try:
            with limits.limited(MODEL_SECONDS):
                return measure(name, at_several_sizes)
        except limits.TooLongError:
            continue
        except Exception as error:
            reason = str(error) if isinstance(error, meta.Untraceable) else meta.one_line(error)
            break
    return TimmRow(name=name, reason=" ".join(reason.split()))


def main(wanted: Iterable[str]) -> int:
    """Measure the models that are asked for, or all that the file lacks, and write the file after each."""
    import timm

    path = rules_folder.folder() / TIMM_FILE
    header = [f"# Made by `python -m shapelint.trace.make.timm_models` with timm {timm.__version__}; do not edit."]
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    rows = {line.partition("\t")[0]: line for line in lines[2:]} if lines[:1] == header else {}
    # The names that timm still takes for others are no models of its list.
    all_names = "\n".join([*header, *sorted(timm.models._registry._model_entrypoints)])
    (rules_folder.folder() / NAMES_FILE).write_text(f"{all_names}\n", encoding="utf-8")
    names = list(wanted) or [name for name in timm.list_models() if name not in rows]
    for count, name in enumerate(names, 1):
        rows[name] = measured_row(name).line()
        text = "\n".join([*header, "\t".join(COLUMNS), *(rows[key] for key in sorted(rows))])
        path.write_text(f"{text}\n", encoding="utf-8")
        print(f"{count} of {len(names)}: {name}", file=sys.stderr, flush=True)
    write_attributes(header[0], rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
