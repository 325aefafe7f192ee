"""Calls: of user-defined functions and classes (interpreted), of modules, and of known library functions."""

from __future__ import annotations

import ast
import builtins as python

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.python.builtins import builtin_functions
from shapelint.python.objects import (
    caching,
    declared_parts,
    effects,
    generators,
    instances,
    methods_of_values,
    repeated_calls,
)
from shapelint.python.state import causes, choices, class_lookup, command_words, named_objects
from shapelint.python.state.arguments import Arguments, Keywords, Site
from shapelint.python.state.class_lookup import has_module_or_tensor
from shapelint.python.state.joins import join
from shapelint.python.state.references import settled
from shapelint.python.state.run import MAXIMUM_CALL_DEPTH, MAXIMUM_RECURSION, NO_OBJECT, Run
from shapelint.python.state.value_facts import cause_of, sequence, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    OF_COMMANDS,
    UNKNOWN,
    Bound,
    Chained,
    Component,
    Const,
    Data,
    Function,
    Given,
    Instance,
    Items,
    Library,
    Method,
    Node,
    Partial,
    Scope,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.python.syntax import assignment
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import trail
from shapelint.python.tensors.axes import Axes
from shapelint.python.tensors.row_faults import RESHAPES
from shapelint.shapes import dims
from shapelint.text.source import Span

BUILTINS = frozenset(dir(python))
MAXIMUM_CALLEES = 4
"""Number of candidates up to which each one is interpreted, if any of them may be called."""
MAXIMUM_VAGUE_RECURSION = 2
"""Depth to which a function is followed that calls itself with unknown arguments alone."""


def evaluate_call(run: Run, node: ast.Call, scope: Scope) -> Value:
    """Evaluate a call expression."""

    function = run.evaluate(node.func, scope)
    if isinstance(function, Library) and function.name == "builtins.super":
        return instances.superclass(run, node, scope)
    function = declared_parts.part(run, function, node, Site(node, scope)) if run.options.signatures else function
    given = arguments_of(run, node, scope)
    main = scope.file is not None and scope.file.main
    if main and scope.file:
        run.anchors.append(scope.file.span(node))
    try:
        site = Site(node, scope)
        value = causes.of_call(run, function, call(run, function, given, site), given, site)
        if not trail.is_operation(function):
            return value
        assignment.change_in_place(run, function, node, value, scope)
        owner = [function.owner] if isinstance(function, Bound) else []
        return trail.after(value, [*owner, *(one.value for one in given.every)], node, scope)
    finally:
        if main:
            run.anchors.pop()


def arguments_of(run: Run, node: ast.Call, scope: Scope) -> Arguments:
    """Evaluate the arguments of a call expression."""

    positional: list[Given] = []
    keywords: Keywords = {}
    complete, cause = True, None
    assert scope.file is not None
    foreign = not scope.file.main
    for argument in node.args:
        value = run.evaluate(argument, scope)
        span = scope.file.span(argument)
        if isinstance(argument, ast.Starred):
            items = sequence(value)
            if items is None or items.rest is not None:
                positional += [Given(item, span, foreign=True) for item in (items.items if items and complete else [])]
                complete, cause = False, cause or cause_of(value)
                continue
            positional += [Given(item, span, foreign=True) for item in items.items]
        elif complete:
            positional.append(Given(value, span, foreign=foreign))
    for keyword in node.keywords:
        value = run.evaluate(keyword.value, scope)
        span = scope.file.span(keyword.value)
        if keyword.arg is None:
            if not isinstance(value, Table) or value.open:
                complete, cause = False, cause or cause_of(value)
            for name, item in value.items.items() if isinstance(value, Table) else ():
                keywords[str(name)] = Given(settled(item), span, foreign=True)
        else:
            start = scope.file.span(keyword).start
            key = Span(start, start + len(keyword.arg))
            keywords[keyword.arg] = Given(value, span, None if foreign else key, foreign)
    return Arguments(tuple(positional), keywords, complete, cause)


def call(
    run: Run,
    function: Value,
    arguments: Arguments,
    site: Site,
) -> Value:
    """Call a value."""

    if isinstance(function, Node) and function.hooks:
        return run.run_hooks(function, arguments, _call(run, function, arguments, site), site)
    return _call(run, function, arguments, site)


def _call(run: Run, function: Value, arguments: Arguments, site: Site) -> Value:
    """Call a value, without the hooks of a module."""
    run.step()
    if isinstance(function, Function):
        return call_function(run, function, arguments, None)
    if isinstance(function, Method) and _only_moves_weights(function, arguments):
        return UNKNOWN
    if isinstance(function, Method):
        return call_function(run, function.function, arguments, function.receiver)
    if isinstance(function, UserClass):
        return run.instantiate(function, arguments, site)
    if isinstance(function, Partial):
        merged = {**dict(function.keywords), **arguments.keywords}
        return call(
            run,
            function.function,
            replace(arguments, positional=(*function.positional, *arguments.positional), keywords=merged),
            site,
        )
    if isinstance(function, Instance):
        return call_instance(run, function, arguments, site)
    kind = run.kind_of(function)
    if kind.call is not None:
        return kind.call(run, function, arguments, site)
    if isinstance(function, Library):
        return run.call_library(function.name, arguments, site)
    if isinstance(function, Bound) and not arguments.complete and isinstance(function.owner, Tensor):
        return Tensor(Flow(None, (), function.owner.flow.maker), function.owner.trains)
    if isinstance(function, Bound):
        return methods_of_values.call_method(run, function, arguments, site)
    if isinstance(function, Unknown) and function.inside:
        return _any_of(run, function, arguments, site)
    if _sets_attribute(run, site, arguments):
        return UNKNOWN
    run.observe_unseen_call(site, arguments)
    effects.note(run, site, arguments)
    effects.hand_over(run, site, arguments)
    for given in arguments.every:
        run.escape(given.value)
    if not isinstance(site.node, ast.Call):
        return UNKNOWN
    unseen = causes.unseen_call(run, function, site)
    if (regrouped := _regrouped(site.node, arguments)) is not None:
        return Tensor(ax.flow(regrouped, causes.tensor(unseen).flow.maker))
    if (scaled := _scaled(site.node, arguments)) is not None:
        return scaled
    if not has_module_or_tensor(arguments.every):
        return unseen
    _note_network(run, site, unseen)
    run.unknown(f"{ast.unparse(site.node.func)[:60]}(...) cannot be seen", site.node, site.scope.file)
    return unseen


def _scaled(call: ast.Call, arguments: Arguments) -> Value | None:
    """Return the loss in `scaler.scale(loss)`, which torch multiplies by a number; None for other calls."""
    name = ast.unparse(call.func)
    is_scaler = name.endswith(".scale") and "scaler" in name.lower() and len(arguments.every) == 1
    value = arguments.every[0].value if is_scaler else None
    return value if isinstance(value, Tensor) else None


def _regrouped(call: ast.Call, arguments: Arguments) -> Axes | None:
    """Return the axes of `unknown.reshape(-1, 3, 16, 16)`, whose rows are those of no batch; None for other calls."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    sizes = arguments.sizes(0, "shape") if name in RESHAPES and arguments.complete else None
    if not sizes or len(sizes) < 2 or sizes[0] != -1 or not all(isinstance(size, int) for size in sizes):
        return None
    rest = [size for size in sizes[1:] if isinstance(size, int) and size > 0]
    return ax.sized([dims.UNKNOWN_DIM, *rest]) if len(rest) == len(sizes) - 1 else None


def _note_network(run: Run, site: Site, unseen: Unknown) -> None:
    """Note a call of what may be a network: `self.encoder(x)`, or `encoder(x)` in the linted file."""
    callee = site.node.func if isinstance(site.node, ast.Call) else None
    if unseen.cause is None:
        return
    if isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name):
        owner = site.scope.names.get(callee.value.id)
        if isinstance(owner, Instance):
            run.unseen[(id(owner), callee.attr)] = unseen.cause
    elif isinstance(callee, ast.Name) and site.scope.file is not None and site.scope.file.main:
        run.unseen.setdefault((NO_OBJECT, callee.id), unseen.cause)


def _only_moves_weights(method: Method, arguments: Arguments) -> bool:
    """Return whether this is the step of a user-defined optimizer: it changes numbers inside tensors, no shape."""
    owner = method.receiver
    if method.function.name != "step" or arguments.every or not isinstance(owner, Instance) or owner.cls is None:
        return False
    bases = class_lookup.resolution_order(owner.cls)
    return any(isinstance(base, Library) and base.name.startswith("torch.optim.") for base in bases)


def _sets_attribute(run: Run, site: Site, arguments: Arguments) -> bool:
    """Perform `monkeypatch.setattr(module, "name", value)` or `("module.name", value)`; return whether it is that."""
    if not isinstance(site.node, ast.Call) or not isinstance(site.node.func, ast.Attribute):
        return False
    values = [given.value for given in arguments.positional]
    if site.node.func.attr != "setattr" or not arguments.complete or len(values) not in (2, 3):
        return False
    if len(values) == 2:
        if not isinstance(values[0], Const) or not isinstance(values[0].value, str):
            return False
        owner, _, name = values[0].value.rpartition(".")
        values = [named_objects.named(run, owner, site), Const(name), values[1]]
    builtin_functions.attribute(run, "setattr", values, site)
    return True


def _any_of(
    run: Run,
    function: Unknown,
    arguments: Arguments,
    site: Site,
) -> Value:
    """Call a value that may be any of several: interpret each candidate as a call that may not happen.

    A candidate that is a user-defined class may be instantiated in this way, so it is marked as `registered`.
    """

    same = _of_each(run, function, arguments, site)
    if same is not None:
        if any(_is_unseen(given.value) for given in arguments.every):
            causes.handed_over(run, function.inside, site, "it may be what {} is, and what that gets is not known")
        return same
    name = site.node.func.attr if isinstance(site.node, ast.Call) and isinstance(site.node.func, ast.Attribute) else ""
    results: list[Value] = []
    for one in function.inside:
        if isinstance(one, UserClass):
            one.registered = True
        callee: Value = Bound(one, name) if name and isinstance(one, (Items, Table)) else one
        if isinstance(one, Instance) and name and one.cls is not None:
            found = class_lookup.find(one.cls, name)
            callee = Method(found, one) if isinstance(found, Function) else one
        if not isinstance(callee, (Function, Method, Partial, Bound)) or len(function.inside) > MAXIMUM_CALLEES:
            continue
        with run.journal.conditional():
            results.append(call(run, callee, arguments, site))
    if not results:
        run.observe_unseen_call(site, arguments)
    effects.note(run, site, arguments)
    effects.hand_over(run, site, arguments)
    for given in arguments.every:
        run.escape(given.value)
    if not results and has_module_or_tensor(arguments.every):
        if function.cause is None:
            unseen = run.unknown(f"{ast.unparse(site.node)[:60]} cannot be seen", site.node, site.scope.file)
        else:
            unseen = replace(unknown_among(*function.inside), cause=replace(function.cause, is_output=True))
        _note_network(run, site, unseen)
        return unseen
    found = unknown_among(*results, *function.inside, *(given.value for given in arguments.positional))
    return replace(found, cause=function.cause) if causes.moved_by(site.node) is not None else found


def _is_unseen(value: Value) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, Tensor) and value.flow.value is None)


def _of_each(run: Run, function: Unknown, arguments: Arguments, site: Site) -> Value | None:
    """Return what is known of what each of several callees gives; nothing is reported of any of them."""
    if function.choice is None or len(function.inside) > MAXIMUM_CALLEES or not arguments.complete:
        return None
    if any(isinstance(one, UserClass) for one in function.inside):
        return None
    return choices.each(run, function, lambda one: call(run, one, arguments, site))


def call_instance(
    run: Run,
    owner: Instance,
    arguments: Arguments,
    site: Site,
) -> Value:
    """Call a user-defined object (`model(x)`): its `__call__` or its `forward`."""

    assert owner.cls is not None
    if owner.base is not None and declared_parts.name_of_class(run, owner.cls):
        return call(run, owner.base, arguments, site)
    own = owner.attributes.get("forward")
    if own is not None and not isinstance(own, Node):
        return call(run, own, arguments, site)
    for name in ("__call__", "forward"):
        found = class_lookup.find(owner.cls, name)
        if isinstance(found, Function):
            return call_function(run, found, arguments, owner)
    base = owner.base
    if isinstance(base, (Component, Chained)):
        return call(run, base, arguments, site)
    return run.unknown(f"{owner.cls.name} has no forward", site.node, site.scope.file)


def _is_empty(value: Value) -> bool:
    return isinstance(value, Items) and not value.items and value.rest is None and not value.one_of


def call_function(
    run: Run,
    function: Function,
    arguments: Arguments,
    receiver: Value | None,
) -> Value:
    """Interpret a call of a user-defined function."""

    if function.wrapper == OF_COMMANDS and arguments.every:
        words = arguments.get(0, "args")
        arguments = Arguments(complete=words is None or _is_empty(words))
    if function.memory is not None:
        return caching.call(run, function, function.memory, arguments, receiver)
    node = function.node
    run.entered.add(id(node))
    if receiver is not None and (id(receiver), id(node)) not in run.visited:
        run.visited_methods.append((receiver, function.name))
    run.visited.add((id(receiver), id(node)))
    if _repeats_itself(run, node, arguments):
        return run.unknown(f"{function.name} calls itself with what is not known", node, function.scope.file)
    if run.depth >= MAXIMUM_CALL_DEPTH or run.active.count(node) >= MAXIMUM_RECURSION:
        effects.expose_to_unknown_code(run, arguments.every, receiver)
        return run.unknown(f"{function.name} is not followed this deep", node, function.scope.file)
    start, before = repeated_calls.begin(run, function, arguments, receiver)
    if before is not None:
        return before
    run.recursive.append((node, _vague(arguments)))
    if receiver is not None and function.wrapper != "staticmethod":
        arguments = replace(arguments, positional=(Given(receiver, NO_SPAN), *arguments.positional))
    inner = Scope({}, function.scope, function.scope.file, "function", function=function, serial=run.new_serial())
    missing = bind_parameters(function, arguments, inner)
    if missing and function.name == "__init__" and arguments.complete:
        built = receiver.cls.name if isinstance(receiver, Instance) and receiver.cls else "an object"
        command_words.note_stop(run, f"{built} is built without {missing[0]}", Site(node, inner))
    inner.names = {name: run.named(value, inner, name) for name, value in inner.names.items()}
    run.depth += 1
    run.active.append(node)
    run.returns.append([])
    run.yields.append(Items([], "iterator"))
    run.receivers.append(receiver if receiver is not None else UNKNOWN)
    run.scopes.append(inner)
    run.no_grad += function.wrapper == "no_grad"
    try:
        if isinstance(node, ast.Lambda):
            return run.evaluate(node.body, inner)
        with run.journal.frame("return") as frame:
            gone = run.execute(node.body, inner)
            if not gone and run.returns[-1]:
                run.returns[-1].append(NONE)
            run.journal.resume(frame, gone)
            generators.settle(run, function, frame)
        value = generators.result(run, function, run.yields[-1], _joined(run.returns[-1]))
        run.observe_result(function, value)
        if start is not None:
            repeated_calls.keep(run, start, value, [*frame.touched.keys() - {id(inner)}])
        return value
    except RecursionError:
        return run.unknown(f"{function.name} is not followed this deep", node, function.scope.file)
    finally:
        run.no_grad -= function.wrapper == "no_grad"
        run.receivers.pop()
        run.scopes.pop()
        run.returns.pop()
        run.yields.pop()
        run.active.pop()
        run.recursive.pop()
        run.depth -= 1
        repeated_calls.end(run, start)


def _repeats_itself(run: Run, node: ast.AST, arguments: Arguments) -> bool:
    """Return whether a function that walks through unknown data was followed deep enough: deeper it does the same."""
    vague = _vague(arguments)
    return bool(vague) and run.recursive.count((node, vague)) >= MAXIMUM_VAGUE_RECURSION


def _vague(arguments: Arguments) -> tuple[Value, ...]:
    """Return the arguments if each is either unknown or a batch, which is as unknown as the batches inside it."""
    values = [_without_reason(one.value) for one in arguments.every]
    return tuple(values) if all(isinstance(value, (Unknown, Data)) for value in values) else ()


def _without_reason(value: Value) -> Value:
    return Unknown(inside=value.inside) if isinstance(value, Unknown) else value


def _joined(values: list[Value]) -> Value:

    if not values:
        return NONE
    result = values[0]
    for value in values[1:]:
        result = join(result, value)
    return result


def bind_parameters(function: Function, arguments: Arguments, scope: Scope) -> list[str]:
    """Bind parameters to their arguments or defaults, and return those that have none.

    They are unknown, as a parameter is that an unknown star may fill.
    """
    missing: list[str] = []
    parameters = function.node.args
    names = [argument.arg for argument in (*parameters.posonlyargs, *parameters.args)]
    first_default = len(names) - len(function.defaults)
    left = dict(arguments.keywords)
    for index, name in enumerate(names):
        if index < len(arguments.positional):
            scope.names[name] = arguments.positional[index].passed
        elif name in left:
            scope.names[name] = left.pop(name).passed
        elif index >= first_default and arguments.complete:
            scope.names[name] = function.defaults[index - first_default]
        else:
            node = [*parameters.posonlyargs, *parameters.args][index]
            scope.names[name] = _not_given(function, arguments, node, scope)
            missing.append(name)
    if parameters.vararg:
        rest = None if arguments.complete else UNKNOWN
        scope.names[parameters.vararg.arg] = Items([g.value for g in arguments.positional[len(names) :]], "tuple", rest)
    for argument, default in zip(parameters.kwonlyargs, function.keyword_defaults):
        given = left.pop(argument.arg, None)
        scope.names[argument.arg] = (
            given.passed
            if given
            else default
            if default is not None and arguments.complete
            else _not_given(function, arguments, argument, scope)
        )
    if parameters.kwarg:
        scope.names[parameters.kwarg.arg] = Table(
            {name: given.value for name, given in left.items()}, not arguments.complete, cause=arguments.cause
        )
    return missing


def _not_given(function: Function, arguments: Arguments, node: ast.arg, scope: Scope) -> Unknown:
    """Return the value of a parameter without an argument: that of a star that is not known, or of other code."""
    value = causes.of_parameter(function, node, scope.serial)
    return value if arguments.cause is None else replace(value, cause=arguments.cause)
