"""What the stand-ins in `rules/python/` say beyond Python: what is not known, or not there, in the library itself."""

from __future__ import annotations

from shapelint.knowledge import named_rows
from shapelint.python.state import guards
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.value_facts import sequence, truth
from shapelint.python.state.values import NONE, Const, Instance, Items, Library, Table, Value
from shapelint.signatures import nearest
from shapelint.spec.spec import Problem
from shapelint.text.source import Span


def unseen(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `unseen(reason)`: a value of which nothing is known but the reason."""
    reason = arguments.get(0, "reason")
    text = reason.value if isinstance(reason, Const) else "its arguments are not known"
    return run.unknown(str(text), site.node, site.scope.file)


def has_more_parts(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `has_more_parts(self)`: the real module has other children and tensors than its stand-in."""
    owner = arguments.get(0, "owner")
    if isinstance(owner, Instance):
        run.touch(owner)
        owner.opaque = True
    return NONE


def absent(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `absent(library, name, names, grows=False)`: SL114 for a name that is nearly one of those of a library.

    Of a library that `grows`, another number or something more at the end may be a newer model: it is only unknown.
    """
    library, name, names = (arguments.get(place, key) for place, key in enumerate(("library", "name", "names")))
    listed = sequence(names) if names is not None else None
    if not isinstance(library, Const) or not isinstance(name, Const) or not isinstance(name.value, str):
        return run.unknown("which model it names is not known", site.node, site.scope.file)
    items = listed.items if listed is not None else ()
    known = [one.value for one in items if isinstance(one, Const) and isinstance(one.value, str)]
    grows = truth(arguments.get(3, "grows") or NONE) is not False
    near = nearest.misspelt(name.value, known) if grows else nearest.similar(name.value, known)
    if near not in ("", name.value) and guards.is_certain(run):
        _note(run, site, (library.value, name.value, near))
    return run.unknown(f"{library.value} has no model {name.value!r} that is known here", site.node, site.scope.file)


def row(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `row(file, name)`: what a file of `rules/` holds under a name, None if it has no such name."""
    file, name = arguments.get(0, "file"), arguments.get(1, "name")
    if not isinstance(file, Const) or not isinstance(name, Const):
        return run.unknown("which model it names is not known", site.node, site.scope.file)
    return Const(named_rows.find(file.value, str(name.value)))


def library_name(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `library_name(value)`: how a member of a library's class is called, such as `Weights.IMAGENET`."""
    value = arguments.get(0, "value")
    if not isinstance(value, Library):
        return run.unknown("which object of a library it is is not known", site.node, site.scope.file)
    return Const(".".join(value.name.split(".")[-2:]))


def names(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `names(file)`: the names that a file of `rules/` has."""
    file = arguments.get(0, "file")
    return Items([Const(name) for name in named_rows.names(file.value)]) if isinstance(file, Const) else None


def output(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `output(kind, **items)`: an object of a class of that name, read by attribute, key or position."""
    kind = arguments.get(0, "kind")
    items = {name: given.value for name, given in arguments.keywords.items() if name != "kind"}
    return Table(items, attributes=True, kind=str(kind.value) if isinstance(kind, Const) else "")


def needed(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `needed(condition, message)`: SL106 for an image of a size that the library certainly refuses."""
    condition, message = arguments.get(0, "condition"), arguments.get(1, "message")
    place = run.place(None, None)
    if condition is None or truth(condition) is not False or not isinstance(message, Const) or place is None:
        return NONE
    if guards.is_certain(run):
        _fail(run, site, Problem("SL106", str(message.value), place))
    return NONE


def _note(run: Run, site: Site, found: tuple[str, str, str]) -> None:
    library, name, near = found
    place = run.place(None, None)
    if place is None:
        return
    start = run.text.find(name, place.start, place.end)
    span = Span(start, start + len(name)) if start >= 0 else place
    replacement = (span, near) if start >= 0 else None
    message = f"{library} has no model {name!r}"
    _fail(run, site, Problem("SL114", message, span, "", near, name, f"did you mean {near}?", replacement))


def _fail(run: Run, site: Site, problem: Problem) -> None:
    owners = (one for one in reversed(run.receivers) if isinstance(one, Instance) and _is_own(one))
    run.failures.append(Failure(site.node, next(owners, None), problem))


def _is_own(one: Instance) -> bool:
    file = one.cls.scope.file if one.cls is not None else None
    return file is not None and file.main


STAND_IN_TOOLS = LibraryPlugin(
    "stand_ins",
    packages=frozenset({"shapelint.stand_ins"}),
    functions={
        "shapelint.stand_ins.unseen": unseen,
        "shapelint.stand_ins.has_more_parts": has_more_parts,
        "shapelint.stand_ins.absent": absent,
        "shapelint.stand_ins.needed": needed,
        "shapelint.stand_ins.library_name": library_name,
        "shapelint.stand_ins.output": output,
        "shapelint.stand_ins.row": row,
        "shapelint.stand_ins.names": names,
    },
)
