"""Functions and classes of installed libraries, by dotted name; what is not known here gives an unknown value."""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Callable
from dataclasses import replace

from shapelint import chain, dims, knowledge, shapes
from shapelint.chain import Flow, Origin
from shapelint.read.python import axes as ax
from shapelint.read.python import (
    builtins,
    calling,
    constructing,
    functions,
    imports,
    losses,
    modules,
    operations,
    signatures,
)
from shapelint.read.python.calling import Arguments, Keywords, concerns
from shapelint.read.python.run import BatchReshape, Call, Run
from shapelint.read.python.values import (
    NONE,
    UNKNOWN,
    Chained,
    Component,
    Const,
    Data,
    Given,
    Instance,
    Items,
    Loss,
    Node,
    Partial,
    Scope,
    Table,
    Tensor,
    Value,
    integer,
    sequence,
)
from shapelint.read.python.words import words
from shapelint.read.text import Span
from shapelint.resolve.resolver import Resolved
from shapelint.roles import Role
from shapelint.spec import ComponentSpec

BATCH = dims.symbol("B")
NEW = frozenset(["zeros", "ones", "rand", "randn", "empty", "full", "tensor_of"])
FIRST_ARGUMENT = words(
    """
    tqdm DataParallel DistributedDataParallel compile convert_sync_batchnorm Parameter script checkpoint_wrapper
    FullyShardedDataParallel trange_of
    """
)
LOADERS = frozenset({"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"})
CONTAINERS = {
    "torch.nn.Sequential": "Sequential",
    "torch.nn.ModuleList": "ModuleList",
    "torch.nn.ModuleDict": "ModuleDict",
    "torch.nn.modules.container.Sequential": "Sequential",
}


def call(
    run: Run, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope, complete: bool = True
) -> Value:
    """Call something of a library."""
    if name.startswith("builtins."):
        return builtins.call(run, name[9:], positional, keywords, node, scope)
    if name in CONTAINERS:
        return constructing.container(run, CONTAINERS[name], positional, keywords, complete)
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(run, positional, keywords)
    if name in LOADERS:
        return Data(BATCH)
    last = name.rpartition(".")[2]
    if last in ("from_vit", "from_vit_encoder") and positional:
        return constructing.wrapped(run, name.rpartition(".")[0], positional[0].value, node, scope)
    if last in FIRST_ARGUMENT and positional:
        return positional[0].value
    if losses.is_loss(name):
        return losses.construct(run, name, positional, keywords, node, scope)
    known = functions.find(name)
    if known is not None:
        return functions.call(run, known, positional, keywords)
    if constructing.is_component(name) or _is_the_users(run, name):
        return constructing.construct(run, name, positional, keywords, node, scope, complete)
    if name.startswith("torch."):
        return _torch(run, name, positional, keywords, node, scope)
    return _unknown(run, name, positional, keywords, node, scope)


def _is_the_users(run: Run, name: str) -> bool:
    """Whether the user declared a signature of a name, or trusts its package."""
    return any(name == target for target, _ in run.options.signatures) or name.partition(".")[0] in run.options.trust


def _unknown(run: Run, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope) -> Value:
    """What cannot be seen: modules that it takes may be used there."""
    given = [*positional, *keywords.values()]
    for argument in given:
        run.escape(argument.value)
    quiet = name.startswith(("torch.optim.", "torch.utils.")) or not concerns(given)
    return UNKNOWN if quiet else run.unknown(f"{name} is not known", node, scope.file)


def has(name: str) -> bool:
    """Whether a dotted name is something that is known here."""
    return name in CONTAINERS or name in _HANDLERS or losses.is_loss(name) or constructing.is_component(name)


def _stand_in(file: str, function: str) -> Callable[[Run, Arguments, Keywords], Value]:
    """A constructor of a library for which a file of `rules/python/` is interpreted."""

    def handler(run: Run, positional: Arguments, keywords: Keywords) -> Value:
        scope = imports.load_file(run, knowledge.folder() / "python" / file)
        if scope is None or function not in scope.names:
            return UNKNOWN
        return calling.call(run, scope.names[function], positional, keywords, ast.Constant(None), scope)

    return handler


def _torch(run: Run, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope) -> Value:
    """A function on tensors: `torch.flatten(x, 1)`, `F.normalize(x)`, `torch.cat([...])`."""
    last = name.rpartition(".")[2]
    given = operations.Arguments(tuple(positional[1:]), keywords)
    first = positional[0].value if positional else _first(keywords)
    if last in ("cat", "concat", "concatenate", "stack", "hstack", "vstack"):
        return _join(run, "stack" if last == "stack" else "cat", first, given)
    if last == "einsum":
        return _einsum(positional)
    if last in NEW:
        sizes = operations.Arguments(tuple(positional), keywords).sizes(0, "size")
        return operations.concrete(sizes) if sizes is not None else _blank()
    if last in ("arange", "linspace"):
        ends = [integer(p.value) for p in positional[:2]]
        count = ends[0] if len(ends) == 1 else ends[1] - ends[0] if len(ends) == 2 and None not in ends else None  # type: ignore[operator]
        return operations.concrete([dims.UNKNOWN if count is None or last == "linspace" else count])
    if last in ("eye", "randperm"):
        size = integer(first) if first is not None else None
        return operations.concrete([size if size is not None else dims.UNKNOWN] * (2 if last == "eye" else 1))
    if last in ("tensor", "from_numpy", "randint", "load", "as_tensor", "where", "multinomial"):
        return UNKNOWN if last == "load" else _blank()
    if last == "linear" and isinstance(first, Tensor):
        return _blank(first)
    if last in ("mse_loss", "l1_loss", "smooth_l1_loss", "cosine_embedding_loss", "cross_entropy"):
        return losses.functional(run, name, positional, keywords, node, scope)
    if isinstance(first, Data):
        return data_method(run, first, last, positional[1:], keywords, scope)
    if isinstance(first, Tensor) and operations.known(last):
        return tensor_method(run, first, last, positional[1:], keywords, node, scope)
    if isinstance(first, Tensor) and last in ("avg_pool2d", "max_pool2d"):
        return _blank(first)
    if name.startswith(("torch.nn.init.", "torch.cuda.", "torch.optim.", "torch.distributed.", "torch.utils.")):
        return UNKNOWN
    return _unknown(run, name, positional, keywords, node, scope)


def _first(keywords: Keywords) -> Value | None:
    return next((keywords[name].value for name in ("input", "tensors", "x", "size") if name in keywords), None)


def _blank(like: Tensor | None = None) -> Tensor:
    return Tensor(Flow(None, (), like.flow.maker if like else ax.NOWHERE), like.detached if like else True)


def _join(run: Run, name: str, pieces: Value | None, given: operations.Arguments) -> Value:
    items = sequence(pieces) if pieces is not None else None
    if items is None:
        return UNKNOWN
    data = [
        item for item in [*items.items, *([items.rest] if items.rest is not None else [])] if isinstance(item, Data)
    ]
    if data:
        rows = dims.symbol("V") * data[0].rows if items.rest is not None else len(items.items) * data[0].rows
        return Data(rows if name == "cat" else dims.UNKNOWN, joined=name == "cat")
    return operations.join(name, items, given)


def _einsum(positional: Arguments) -> Value:
    equation = positional[0].value if positional else UNKNOWN
    operands = [given.value for given in positional[1:]]
    if len(operands) == 1 and isinstance(operands[0], Items):
        operands = operands[0].items
    tensors = [operand for operand in operands if isinstance(operand, Tensor)]
    if (
        not isinstance(equation, Const)
        or not isinstance(equation.value, str)
        or len(tensors) < len(operands)
        or not tensors
    ):
        return UNKNOWN
    axes = [operations.axes_of(tensor) for tensor in tensors]
    whole = [one for one in axes if one is not None]
    result = ax.einsum(equation.value, whole) if len(whole) == len(axes) else None
    return Tensor(ax.flow(result, tensors[0].flow.maker), all(tensor.detached for tensor in tensors))


def tensor_method(
    run: Run, owner: Tensor, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope
) -> Value:
    """`x.flatten(1)`."""
    if name in ("size", "dim", "ndimension", "numel", "nelement", "item", "tolist", "numpy", "backward", "__len__"):
        return _question(owner, name, positional, keywords)
    given = operations.Arguments(tuple(positional), keywords)
    if name in ("view", "reshape") and (owner.shape is not None):
        _note_batch(run, owner, given, node, scope)
    if name == "permute":
        _check_permute(run, owner, given, node, scope)
    if operations.known(name):
        return operations.apply(name, owner, given)
    return run.unknown(f".{name}() of a tensor is not known", node, scope.file)


def _check_permute(run: Run, owner: Tensor, given: operations.Arguments, node: ast.AST, scope: Scope) -> None:
    """A permutation of more or fewer axes than the tensor has is an edge that does not fit."""
    order, axes = given.sizes(0, "dims"), operations.axes_of(owner)
    holder = next((receiver for receiver in reversed(run.receivers) if isinstance(receiver, Instance)), None)
    if (
        not order
        or axes is None
        or len(order) == len(axes)
        or holder is None
        or scope.file is None
        or not scope.file.main
    ):
        return
    names = [f"axis{index}" for index in range(len(order))]
    if any(not isinstance(place, int) or not -len(names) <= place < len(names) for place in order):
        return
    text = f"{' '.join(names)} -> {' '.join(names[int(str(place))] for place in order)}"
    span = scope.file.span(node)
    signature = shapes.parse_signature(text)
    spec = ComponentSpec("call", "permute", span, span)
    component = Component("permute", holder, spec=spec)
    resolved = Resolved(spec, "permute", "stored", signature, signature)
    edge, outgoing = chain.step(Role("permute", ""), resolved, owner.flow)
    run.calls.append(Call(component, replace(edge, consumer=replace(edge.consumer, place=span)), outgoing, span))


def _question(owner: Tensor, name: str, positional: Arguments, keywords: Keywords) -> Value:
    axes = operations.axes_of(owner)
    if axes is None or name in ("item", "tolist", "numpy", "backward"):
        return UNKNOWN
    if name in ("dim", "ndimension"):
        return Const(len(axes))
    if name in ("numel", "nelement"):
        return Const(ax.product(axes))
    where = operations.Arguments(tuple(positional), keywords).integer(0, None, "dim")
    if not positional and not keywords:
        return Items([Const(axis.size) for axis in axes], "tuple")
    place = ax.position(where, len(axes)) if where is not None else None
    return Const(axes[place].size) if place is not None else UNKNOWN


def _note_batch(run: Run, owner: Tensor, given: operations.Arguments, node: ast.AST, scope: Scope) -> None:
    """Remember a reshape to literal sizes of a tensor whose number of elements depends on the batch."""
    sizes = given.sizes(0, "shape", "size")
    axes = operations.axes_of(owner)
    if not sizes or axes is None or scope.file is None or not scope.file.main or not isinstance(node, ast.Call):
        return
    total = ax.product(axes)
    if isinstance(total, int) or "B" not in dims.names(total) or not dims.is_known(total):
        return
    if all(isinstance(size, int) and size > 0 for size in sizes):
        argument = node.args[0] if node.args else node
        holder = next((receiver for receiver in reversed(run.receivers) if isinstance(receiver, Instance)), None)
        number = sizes[0]
        assert isinstance(number, int)
        run.reshapes.append(BatchReshape(scope.file.span(argument), number, shapes.format_shape(tuple(sizes)), holder))


def data_method(run: Run, owner: Data, name: str, positional: Arguments, keywords: Keywords, scope: Scope) -> Value:
    """Methods of what comes out of a loader: moving keeps it, its size is that of an image."""
    if name in operations.SAME or name in ("items", "values"):
        return owner
    if name in ("cat", "concat") and positional:
        return owner
    if name in ("new_zeros", "new_ones", "new_full", "new_empty"):
        sizes = operations.Arguments(tuple(positional), keywords).sizes(0, "size")
        return operations.concrete(sizes) if sizes is not None else UNKNOWN
    image = modules.image(owner)
    if name in ("chunk", "split", "tensor_split", "unbind"):
        return Items([], "tuple", Data(dims.UNKNOWN))
    if name in ("squeeze", "unsqueeze", "permute", "repeat"):
        return owner
    if name in ("view", "reshape"):
        return Data(dims.UNKNOWN) if len(positional) > 3 else UNKNOWN
    if name in ("size", "dim", "numel"):
        return _question(image, name, positional, keywords)
    return UNKNOWN


def _deepcopy(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    if not positional:
        return UNKNOWN
    original = positional[0].value
    duplicate = copied(run, original, {})
    if isinstance(duplicate, Node):
        run.copies[id(duplicate)] = run.anchors[-1] if run.anchors else Span(0, 0)
    return duplicate


def copied(run: Run, value: Value, done: dict[int, Value]) -> Value:
    """A deep copy: modules become new ones that remember what they copy."""
    if id(value) in done:
        return done[id(value)]
    if len(done) > 2000:
        return UNKNOWN
    if isinstance(value, Instance):
        new = Instance(origin=value, cls=value.cls, opaque=value.opaque)
        done[id(value)] = new
        run.instances.append(new)
        for name, attribute in value.attributes.items():
            new.attributes[name] = copied(run, attribute, done)
            _hold(new, name, attribute, new.attributes[name])
        return new
    if isinstance(value, Chained):
        chained = Chained(origin=value, kind=value.kind, rest=value.rest)
        done[id(value)] = chained
        for name, child in value.children.items():
            chained.children[name] = copied(run, child, done)
            _hold(chained, name, child, chained.children[name])
        return chained
    if isinstance(value, (Component, Loss)):
        twin = copy.copy(value)
        twin.name, twin.holder, twin.origin, twin.placed = "", None, value, None
        done[id(value)] = twin
        if isinstance(twin, Component):
            twin.replaced = {name: copied(run, child, done) for name, child in twin.replaced.items()}
            twin.parts = {}
        return twin
    if isinstance(value, Items):
        return Items([copied(run, item, done) for item in value.items], value.kind, value.rest)
    if isinstance(value, Table):
        return Table({key: copied(run, item, done) for key, item in value.items.items()}, value.open)
    return value


def _hold(new: Node, name: str, old: Value, child: Value) -> None:
    if isinstance(child, Node) and isinstance(old, Node) and child.holder is None:
        child.name, child.holder = old.name or name, new


def _partial(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    if not positional:
        return UNKNOWN
    return Partial(positional[0].value, tuple(positional[1:]), tuple(keywords.items()))


def _momentum(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    """`update_momentum(model, model_ema, m)`."""
    online = keywords["model"].value if "model" in keywords else positional[0].value if positional else UNKNOWN
    target = (
        keywords["model_ema"].value
        if "model_ema" in keywords
        else positional[1].value
        if len(positional) > 1
        else UNKNOWN
    )
    run.averaged.append((online, target, run.anchors[-1] if run.anchors else Span(0, 0)))
    return NONE


def _number(function: Callable[[float], float]) -> Callable[[Run, Arguments, Keywords], Value]:
    def handler(run: Run, positional: Arguments, keywords: Keywords) -> Value:
        value = positional[0].value if len(positional) == 1 else UNKNOWN
        if isinstance(value, Const) and isinstance(value.value, (int, float)):
            try:
                return Const(function(value.value))
            except (ValueError, OverflowError):
                return UNKNOWN
        return UNKNOWN

    return handler


def _ordered(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    return builtins.call(run, "dict", positional, keywords, ast.Constant(None), Scope({}))


def _prod(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    items = sequence(positional[0].value) if positional else None
    sizes = [integer(item) for item in items.items] if items is not None and items.rest is None else [None]
    return UNKNOWN if None in sizes else Const(math.prod(size for size in sizes if size is not None))


def _namespace(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    return Table({"__namespace__": Const(True), **{name: given.value for name, given in keywords.items()}}, True)


def _chain(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    return Items([], "list", UNKNOWN)


_HANDLERS: dict[str, Callable[[Run, Arguments, Keywords], Value]] = {
    "copy.deepcopy": _deepcopy,
    "copy.copy": _deepcopy,
    "functools.partial": _partial,
    "collections.OrderedDict": _ordered,
    "typing.OrderedDict": _ordered,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "omegaconf.OmegaConf.create": _ordered,
    "itertools.chain": _chain,
    "lightly.models.ResNetGenerator": _stand_in("lightly_resnet.py", "ResNetGenerator"),
    "lightly.models.resnet.ResNetGenerator": _stand_in("lightly_resnet.py", "ResNetGenerator"),
    "math.sqrt": _number(math.sqrt),
    "math.ceil": _number(math.ceil),
    "math.floor": _number(math.floor),
    "math.log2": _number(math.log2),
    "math.prod": _prod,
    "numpy.prod": _prod,
    "torch.nn.utils.parametrizations.weight_norm": lambda run, p, k: p[0].value if p else UNKNOWN,
    "torch.nn.utils.weight_norm": lambda run, p, k: p[0].value if p else UNKNOWN,
    "torch.nn.utils.spectral_norm": lambda run, p, k: p[0].value if p else UNKNOWN,
    "lightly.models.utils.update_momentum": _momentum,
    "lightly.models.utils.deactivate_requires_grad": lambda run, p, k: NONE,
    "lightly.models.utils.activate_requires_grad": lambda run, p, k: NONE,
    "lightly.models.utils.update_drop_path_rate": lambda run, p, k: NONE,
    "lightly.models.utils.initialize_2d_sine_cosine_positional_embedding": lambda run, p, k: NONE,
    "lightly.models.utils.get_weight_decay_parameters": lambda run, p, k: Items([UNKNOWN, UNKNOWN], "tuple"),
}
_ = (Given, Origin, signatures)
