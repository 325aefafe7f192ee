"""Functions and classes of installed libraries, by dotted name; those that are not known here return an unknown value.

Functions, losses and signatures that are data are known for any library; everything else is up to its plugin.
"""

from __future__ import annotations

from shapelint.knowledge import rules_folder
from shapelint.python.builtins import builtin_functions
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.torch import constructing, constructor_calls, loss_calls, misuse, torch_functions
from shapelint.python.state.arguments import NO_SITE, Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.values import UNKNOWN, Items, Node, UserClass, Value
from shapelint.signatures import declared, stand_in_versions

KEEPS_NAMES = frozenset({"convert_sync_batchnorm", "script", "Subset"})
"""Functions that return their first argument, whose tensors keep their names."""


def call(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a library object; iterators passed to it are forgotten, because it may have consumed any part of them."""
    iterators = [given.value for given in arguments.positional if is_iterator(given.value)]
    if name in run.libraries.keeps_iterators or not iterators:
        return _called(run, name, arguments, site)
    repeated = len({id(one) for one in iterators}) < len(iterators)
    value = UNKNOWN if repeated else _called(run, name, arguments, site)
    for one in iterators:
        if one is not value:
            forget(run, one)
    return value


def is_iterator(value: Value) -> bool:
    """Return whether a value yields each of its elements only once."""
    return isinstance(value, Items) and value.kind == "iterator"


def _called(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    library = run.libraries.of(name)
    for handler in (_change_attribute, _function, _call_stand_in, library.make, _loss, _line):
        value = handler(run, name, arguments, site) if handler is not None else None
        if value is not None:
            constructor_calls.note(run, name, arguments, site, value)
            return value
    last = name.rpartition(".")[2]
    if last in run.libraries.passes_on and arguments.positional:
        value = arguments.positional[0].value
        if isinstance(value, Node) and last not in KEEPS_NAMES:
            run.renamed[id(value)] = value
        return value
    if constructing.is_component(run, name) or _is_user_declared(run, name):
        made = constructing.construct(run, name, arguments, site)
        constructor_calls.note(run, name, arguments, site, made)
        return made
    return (library.fallback or torch_functions.unseen)(run, name, arguments, site)


def _change_attribute(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `nn.Module.__setattr__(self, name, value)`, called on any class."""
    if not name.endswith((".__setattr__", ".__delattr__")) or not arguments.positional:
        return None
    return builtin_functions.call(run, name.rpartition(".__")[2].rstrip("_"), arguments, site)


def _function(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    handler = run.libraries.functions.get(name)
    return handler(run, arguments, site) if handler is not None else None


def _call_stand_in(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    own = stand_in(run, name)
    if isinstance(own, UserClass):
        arguments = constructing.with_defaults(run, own, arguments, site)
    return run.call(own, arguments, Site(NO_SITE.node, site.scope)) if own is not None else None


def _loss(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Construct a loss from `rules/losses/`."""
    return loss_calls.construct(run, name, arguments, site) if loss_calls.is_loss(name) else None


def _line(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Call a function from `rules/library_functions.yaml`."""
    known = library_functions.find(name)
    if known is None:
        return None
    misuse.note_function(run, known, arguments, site)
    return library_functions.call(run, known, arguments)


def _is_user_declared(run: Run, name: str) -> bool:
    """Return whether the user declared a signature for this name, or trusts its package."""
    return name in declared.names(run.options.signatures) or name.partition(".")[0] in run.options.trust


def knows(run: Run, name: str) -> bool:
    """Return whether a dotted name is known here."""
    libraries = run.libraries
    named = name in libraries.functions or name in libraries.stand_ins or loss_calls.is_loss(name)
    return named or constructing.is_component(run, name)


def stand_in(run: Run, name: str) -> Value | None:
    """Return the replacement of a library object from an interpreted file in `rules/python/`; None if it has none."""
    file = run.libraries.stand_ins.get(name)
    if file and (other := stand_in_versions.notice(file)):
        run.other_versions.setdefault(other)
    scope = run.load_file(rules_folder.folder() / "python" / file) if file else None
    return scope.names.get(name.rpartition(".")[2]) if scope else None
