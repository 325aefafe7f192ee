"""Losses: what they compare. The table says which arguments must have equal last axes."""

from __future__ import annotations

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Kind, Observer
from shapelint.python.state.run import LossCall, Run
from shapelint.python.state.values import UNKNOWN, Bound, Given, Items, Loss, Tensor, Value
from shapelint.python.tensors import operations
from shapelint.spec import roles
from shapelint.text.source import Span


@frozen
class LossKind:
    """The operands of a loss by argument name; `compared` says that two operands must have the same width,
    `stored` names one that holds vectors of that width.
    """

    operands: tuple[str, ...]
    compared: bool = True
    stored: str = ""


TWO = LossKind(("x0", "x1"))
LIGHTLY: dict[str, LossKind] = {
    "NegativeCosineSimilarity": LossKind(("x0", "x1")),
    "NTXentLoss": LossKind(("out0", "out1")),
    "BarlowTwinsLoss": LossKind(("z_a", "z_b")),
    "DCLLoss": LossKind(("out0", "out1")),
    "DCLWLoss": LossKind(("out0", "out1")),
    "VICRegLoss": LossKind(("z_a", "z_b")),
    "TiCoLoss": LossKind(("z_a", "z_b")),
    "HypersphereLoss": LossKind(("z_a", "z_b")),
    "MACLLoss": LossKind(("z0", "z1")),
    "MMCRLoss": LossKind(("online", "momentum")),
    "DirectCLRLoss": LossKind(("out0", "out1")),
    "DINOLoss": LossKind(("teacher_out", "student_out")),
    "IBOTPatchLoss": LossKind(("teacher_out", "student_out")),
    "CAPILoss": LossKind(("teacher_logits", "student_logits")),
    "LeJEPALoss": LossKind(("local_proj", "global_proj")),
    "LeWMLoss": LossKind(("predicted", "target")),
    "VISRegLoss": LossKind(("local_proj", "global_proj")),
    "DetConSLoss": LossKind(("view0", "view1")),
    "DetConBLoss": LossKind(("pred_view0", "target_view1")),
    "MSNLoss": LossKind(("anchors", "targets"), stored="prototypes"),
    "PMSNLoss": LossKind(("anchors", "targets"), stored="prototypes"),
    "PMSNCustomLoss": LossKind(("anchors", "targets"), stored="prototypes"),
    "SwaVLoss": LossKind(("high_resolution_outputs", "low_resolution_outputs")),
    "FroSSLLoss": LossKind(("z_views",), compared=False),
    "EMPSSLLoss": LossKind(("z_views",), compared=False),
    "KoLeoLoss": LossKind(("x",), compared=False),
    "WMSELoss": LossKind(("input",), compared=False),
    "VICRegLLoss": LossKind(("global_view_features", "local_view_features"), compared=False),
    "PatchKernelAlignmentLoss": LossKind(("student_features", "teacher_features"), compared=False),
}
TORCH: dict[str, LossKind] = {
    "MSELoss": LossKind(("input", "target")),
    "L1Loss": LossKind(("input", "target")),
    "SmoothL1Loss": LossKind(("input", "target")),
    "HuberLoss": LossKind(("input", "target")),
    "CosineSimilarity": LossKind(("x1", "x2")),
    "CosineEmbeddingLoss": LossKind(("input1", "input2")),
    "CrossEntropyLoss": LossKind(("input",), compared=False),
    "BCEWithLogitsLoss": LossKind(("input", "target"), compared=False),
    "KLDivLoss": LossKind(("input", "target"), compared=False),
}
FUNCTIONAL = {
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
    "cosine_embedding_loss": "CosineEmbeddingLoss",
    "cross_entropy": "CrossEntropyLoss",
}


ELEMENTWISE = {
    "mul": "the product",
    "multiply": "the product",
    "sub": "the difference",
    "subtract": "the difference",
    "cosine_similarity": "cosine_similarity",
    "pairwise_distance": "pairwise_distance",
}
"""Operations that a loss written by hand compares two ends of a model with, and what they are called in a report."""


def kind(target: str) -> LossKind | None:
    """The loss that a dotted name is."""
    name = target.rpartition(".")[2]
    if target.startswith("lightly.loss"):
        return LIGHTLY.get(name, TWO)
    return TORCH.get(name) if target.startswith("torch.nn.") and name in TORCH else None


def is_loss(target: str) -> bool:
    """Whether a dotted name is a loss."""
    return kind(target) is not None and target.rpartition(".")[2][:1].isupper()


def construct(run: Run, target: str, arguments: Arguments, site: Site) -> Value:
    """A loss object, with its arguments as written."""
    from shapelint.python.libraries.torch import constructing

    return Loss(target=target, spec=constructing.specification(run, target, arguments, site))


def functional(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """`F.mse_loss(a, b)`."""
    target = FUNCTIONAL[name.rpartition(".")[2]]
    return call(run, Loss(target=f"torch.nn.{target}"), arguments, site)


def call(run: Run, loss: Loss, arguments: Arguments, site: Site) -> Value:
    """Record what a loss compares; what comes out is a number, and for a similarity one for each row."""
    form = kind(loss.target) or TWO
    names = (*form.operands, form.stored) if form.stored else form.operands
    given: dict[str, Given] = dict(zip(names, arguments.positional))
    given.update(arguments.keywords)
    operands = tuple((name, flow_of(given[name].value) if name in given else None) for name in form.operands)
    span = (
        site.scope.file.span(site.node)
        if site.scope.file and site.scope.file.main
        else (run.anchors[-1] if run.anchors else Span(0, 0))
    )
    stored = flow_of(given[form.stored].value) if form.stored in given else None
    run.losses.append(LossCall(loss, operands, span, form.compared, stored))
    if loss.target.endswith("CosineSimilarity") and loss.target.startswith("torch.") and len(arguments.positional) == 2:
        first = arguments.positional[0].value
        if isinstance(first, Tensor):
            return operations.apply("cosine_similarity", first, Arguments((arguments.positional[1],), {}))
    return operations.concrete([], detached=False)


def elementwise(run: Run, operation: str, left: Value, right: Value, site: Site) -> bool:
    """Record what a loss written by hand compares: the features (B, D) of two ends of a model, as they came out.

    Whether it is one is returned.
    """
    ends = [_end(value) for value in (left, right)]
    if operation not in ELEMENTWISE or None in ends or ends[0] == ends[1]:
        return False
    operands = (("input", flow_of(left)), ("target", flow_of(right)))
    span = (
        site.scope.file.span(site.node)
        if site.scope.file and site.scope.file.main
        else (run.anchors[-1] if run.anchors else Span(0, 0))
    )
    run.losses.append(LossCall(Loss(target="torch.nn.MSELoss"), operands, span, name=ELEMENTWISE[operation]))
    return True


def _end(value: Value) -> str | None:
    """The head whose features a tensor is, with the whole of their width; a reduced or sliced axis is none."""
    flow = flow_of(value)
    if flow is None or not isinstance(flow.value, tuple) or len(flow.value) != 2 or len(flow.origins) != 2:
        return None
    origin = flow.origins[1]
    whole = origin.component is not None and origin.component.values.get(origin.parameter) == flow.value[1]
    is_head = roles.kind(origin.role) in ("projection_head", "prediction_head")
    return origin.role if whole and is_head and flow.origins[0].component is None else None


def flow_of(value: Value) -> Flow | None:
    """The tensor of an operand, or the first of a list of them."""
    if isinstance(value, Tensor):
        return None if value.loose else value.flow
    if isinstance(value, Items):
        items = [*value.items, *([value.rest] if value.rest is not None else [])]
        return flow_of(items[0]) if items else None
    return None


def method(run: Run, owner: Loss, name: str, arguments: Arguments, site: Site) -> Value:
    """`criterion.to(device)`, `criterion.forward(a, b)`."""
    if name in ("to", "cuda", "cpu", "train", "eval"):
        return owner
    return call(run, owner, arguments, site) if name == "forward" else UNKNOWN


def attribute(run: Run, owner: Loss, name: str, site: Site) -> Value:
    """A method of a loss."""
    return Bound(owner, name)


def observed(run: Run, operation: str, tensor: Value, arguments: Arguments, site: Site) -> bool:
    """Record an operation if it is a loss written by hand; it is no mistake then, whatever its widths."""
    return bool(arguments.positional) and elementwise(run, operation, tensor, arguments.positional[0].value, site)


LOSS = Kind(attribute=attribute, call=call, method=method)
HAND_WRITTEN_LOSSES = Observer(operation=observed)
