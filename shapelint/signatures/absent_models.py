"""Names that a library's module does not have, where all of its names are known."""

from __future__ import annotations

from shapelint.signatures import nearest, stored, versions
from shapelint.spec.spec import ComponentSpec, Problem


def absent(spec: ComponentSpec, target: str, role: str) -> Problem | None:
    """SL114 for a component that names a model which its library does not have, where one has nearly that name.

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
