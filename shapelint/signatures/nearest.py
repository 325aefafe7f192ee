"""The known name that is nearest to a misspelt one: `resnet18` for `resnet19`, `BYOLProjectionHead` for `...Hed`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from shapelint.common.nearest_words import nearest_word
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.library_rules import LibraryRule
from shapelint.signatures import stored

LIKENESS = 0.8
"""How similar two names must be, as difflib counts, for one to be a misspelling of the other."""


def similar(name: str, known: Sequence[str]) -> str:
    """The known name that is most similar to a name, if it is so much so; or ""."""
    return nearest_word(name, known, LIKENESS)


MODEL_LIKENESS = 0.9
"""How similar two names of models must be: a library gets new ones, and people register their own."""


def misspelt(name: str, known: Sequence[str]) -> str:
    """The model that a name means: written with other signs between its parts, or with a slip in its letters; or "".

    Another number, or something more at the end, may be a model that is newer, or somebody's own.
    """
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if same := next((one for one in known if re.sub(r"[^a-z0-9]", "", one.lower()) == plain), ""):
        return same
    numbers = re.findall(r"\d+", name)
    alike = [one for one in known if re.findall(r"\d+", one) == numbers and not name.startswith(one)]
    return nearest_word(name.lower(), alike, MODEL_LIKENESS)


def nearest(target: str) -> str:
    """The known component most similar to a name, or "". A name in somebody's own package is assumed to be right."""
    prefix, slash, model = target.rpartition("/")
    module, _, name = ("", "", model) if slash else target.rpartition(".")
    known = {known.lower(): known for known in _known(prefix, module)}
    near = nearest_word(name.lower(), known, LIKENESS)
    if not near or known[near] == name:
        return ""
    meant = known[near]
    return f"{prefix}{slash}{meant}" if slash else f"{module}.{meant}" if module else meant


def _known(prefix: str, module: str) -> list[str]:
    """The names in the module of a dotted name, or, for a bare one, in all libraries."""

    def fits(library: LibraryRule) -> bool:
        homes = (library.module, *library.also)
        inside = not module or any(f"{module}.".startswith(f"{home}.") for home in homes)
        return prefix == library.features if prefix else inside

    return [name for library in stored.libraries() if fits(library) for name in _names_in(library.module)]


@cache
def _names_in(module: str) -> tuple[str, ...]:
    """The stored components of a module: those of its file, and the files of its folder."""
    place = rules_folder.folder() / "signatures" / module
    own = tuple(path.stem for path in sorted(place.glob("*.yaml"))) if place.is_dir() else ()
    file = stored.load(module)
    return (*own, *(component.target.rpartition(".")[2] for component in (file.components if file else ())))
