"""Names that a library's module does not have, where all of its names are known."""

from __future__ import annotations

from shapelint.knowledge import timm_rows
from shapelint.signatures import nearest, stored, timm_signatures, versions
from shapelint.spec.spec import ComponentSpec, Problem


def absent(spec: ComponentSpec, target: str, role: str) -> Problem | None:
    """SL114 for a component that names a model which its library does not have, where one has nearly that name."""
    return _of_timm(spec, target, role) if target.startswith("timm") else _of_module(spec, target, role)


def unlisted(spec: ComponentSpec, target: str) -> str:
    """Say that timm has no model of the name that a component gives, where that is no model of the version known here.

    Another version may have it. "" for anything else.
    """
    name = _unlisted_name(spec, target) if target.startswith("timm") else ""
    return f"timm {timm_rows.version()} has no model {name!r}" if name else ""


def _unlisted_name(spec: ComponentSpec, target: str) -> str:
    name, _ = timm_signatures.named(spec, target)
    is_class = target.startswith("timm.models.") and not name.islower()
    return "" if is_class or name in timm_rows.every_name() else name


def _of_timm(spec: ComponentSpec, target: str, role: str) -> Problem | None:
    name = _unlisted_name(spec, target)
    if not name or versions.difference("timm", (timm_rows.version(),)):
        return None
    near = nearest.misspelt(name, timm_rows.every_name())
    if not near:
        return None
    is_whole = target == f"timm/{name}" and spec.head.end - spec.head.start == len(target)
    replacement = (spec.head, f"timm/{near}") if is_whole else None
    message = f"timm has no model {name!r}"
    return Problem("SL114", message, spec.head, role, near, name, f"did you mean {near}?", replacement)


def _of_module(spec: ComponentSpec, target: str, role: str) -> Problem | None:
    """Compare a name with those of a library's module.

    A name counts only where it is written with its library, and no other version of that is installed.
    """
    library = stored.library_of(target)
    if library is None or not library.others or stored.find(target) is not None:
        return None
    prefix = next((one for one in (f"{library.module}.", f"{library.features}/") if target.startswith(one)), None)
    name = target[len(prefix) :] if prefix else ""
    near = nearest.nearest(target)
    if not name.isidentifier() or name in library.others or not near:
        return None
    file = stored.load(f"{library.module}/{near[len(prefix or '') :]}")
    if file is None or versions.difference(file.library, file.versions):
        return None
    message = f"{library.module} has no attribute {name!r}"
    is_whole = spec.head.end - spec.head.start == len(target)  # `models.resnet19` after an import is not
    replacement = (spec.head, near) if is_whole and (spec.spelling == "call" or spec.head == spec.span) else None
    return Problem("SL114", message, spec.head, role, near, target, f"did you mean {near}?", replacement)
