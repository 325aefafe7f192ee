"""Measurement of silent faults on the modules and tensors of a run that did not raise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from lightly.models.modules.heads import DenseCLProjectionHead
from torch import nn
from training import WITH_TARGET, Recipe, Run, train


def silent_faults(recipe: Recipe, run: Run) -> dict[str, str]:
    """Return the codes of silent faults that a run shows, each with what was measured."""
    found = {
        "SL201": _class_logits(run),
        "SL202": _alias(recipe, run),
        "SL204": _other_size(recipe),
        "SL205": _extra_axes(run),
        "SL206": _axis(run),
        "SL207": _broadcast(run),
        "SL208": _update(recipe, run),
        "SL209": "nothing was loaded" if run.loaded == 0 else "",
        "SL211": _other_batch(recipe),
        "SL112": _bank(recipe, run),
    }
    if found["SL205"]:
        found["SL206"] = ""  # axes that a head is not made for are reported once, at its input
    if found["SL112"] and recipe.method == "nnclr":
        found["SL207"] = ""  # the loss gets a neighbour as wide as the bank, whatever the features are
    return {code: text for code, text in found.items() if text}


def _class_logits(run: Run) -> str:
    last = getattr(run.parts["backbone"], "fc", None)
    return "1000 logits" if isinstance(last, nn.Linear) and last.out_features == 1000 else ""


def _alias(recipe: Recipe, run: Run) -> str:
    same = recipe.method in WITH_TARGET and all(part is run.parts[role] for role, part in run.target.items())
    return "the target's modules are the online ones" if same and run.target else ""


def _other_size(recipe: Recipe) -> str:
    """Return how a model with an open image size fails for another size than it runs with."""
    if not recipe.size_is_open:
        return ""
    channels, height, width = recipe.image
    other = train(recipe, (recipe.batch,), (channels, height + 16, width + 16))
    return f"fails at {height + 16} pixels" if other.error is not None else ""


def _extra_axes(run: Run) -> str:
    taken = run.inputs.get("projection_head")
    head = run.parts.get("projection_head")
    if taken is None or taken.ndim < 3 or isinstance(head, DenseCLProjectionHead) or _is_convolution(head):
        return ""
    return f"the head takes {tuple(taken.shape)}"


def _is_convolution(head: Any) -> bool:
    return isinstance(head, nn.Sequential) and isinstance(head[0], nn.Conv2d)


def _axis(run: Run) -> str:
    """Return how a cosine over its axis differs from one over the features; empty if it does not."""
    dim = getattr(run.criterion, "dim", None)
    if dim is None or run.operands is None:
        return ""
    left, right = run.operands
    features = _feature_axis(run, left.ndim)
    if left.shape != right.shape or dim % left.ndim == features:
        return ""
    over = [nn.functional.cosine_similarity(left, right, dim=axis).mean() for axis in (dim, features)]
    return "" if torch.equal(*over) else f"{over[0]:.4f} over axis {dim}, {over[1]:.4f} over the features"


def _feature_axis(run: Run, axes: int) -> int:
    head = run.parts.get("prediction_head", run.parts.get("projection_head"))
    return 1 if _is_convolution(head) else axes - 1


def _broadcast(run: Run) -> str:
    if run.operands is None or run.operands[0].shape == run.operands[1].shape:
        return ""
    left, right = (tuple(operand.shape) for operand in run.operands)
    return f"{left} and {right} give {tuple(torch.broadcast_shapes(left, right))}"


def _update(recipe: Recipe, run: Run) -> str:
    """Return the different shapes that the moving average combined; empty if there are none."""
    if isinstance(recipe.target, str):
        return ""
    for role in recipe.target:
        for online, target in zip(run.parts[role].parameters(), run.target[role].parameters()):
            if online.shape != target.shape:
                return f"{tuple(target.shape)} was updated by {tuple(online.shape)}"
    return ""


def _other_batch(recipe: Recipe) -> str:
    """Return how another batch size fails that is large enough for every BatchNorm; empty if none does."""
    if "Unflatten(0" not in recipe.backbone:
        return ""
    other = train(replace(recipe, samples=None), (recipe.batch + 1,))
    return f"fails at a batch of {recipe.batch + 1}" if other.error is not None else ""


def _bank(recipe: Recipe, run: Run) -> str:
    """Return how stored vectors, or a loss, are wider than the features; empty if they are not."""
    end = "projection_head"
    features = run.outputs[end].shape[-1] if end in run.outputs else None
    center = getattr(run.criterion, "center", None)
    if center is not None and features is not None and features != center.shape[-1]:
        return f"a center of {center.shape[-1]} for {features} scores"
    if run.center_width not in (None, features):
        return f"a center built for {run.center_width} scores grew to {features}"
    cut = getattr(run.criterion, "loss_dim", None)
    if cut is not None and run.operands is not None and run.operands[0].shape[-1] < cut:
        return f"{run.operands[0].shape[-1]} features for a loss of {cut}"
    if recipe.bank is not None and features is not None and features != recipe.bank[1]:
        return f"a bank of {recipe.bank[1]} for {features} features"
    return ""
