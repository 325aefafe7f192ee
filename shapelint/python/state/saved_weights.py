"""The tensors of a module by the names under which they are saved, and the weights that a program loads into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from shapelint.common.frozen import frozen, replace
from shapelint.python.state.values import Node
from shapelint.shapes.signatures import Shape
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

CHECKPOINT = "checkpoint"
"""The role of what a tensor of a file comes from."""


@frozen
class SavedNames:
    """The tensors of a module: the shape of each by its name, None if it is unknown.

    Those in `doubtful` may be missing; `variants` are other names that some may have. `unseen` are the prefixes below
    which there may be others, each with the reason; "" is the module itself.
    """

    tensors: Mapping[str, Shape | None] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    variants: frozenset[str] = frozenset()
    unseen: Mapping[str, str] = field(default_factory=dict)

    def hides(self, name: str) -> bool:
        """Return whether a name may be that of a tensor that is not seen."""
        return any(name.startswith(prefix) for prefix in self.unseen)

    def below(self, prefix: str) -> SavedNames:
        """Return the same tensors as those of a part of that name."""
        return self._kept(lambda name: prefix + name)

    def without(self, part: str) -> SavedNames:
        """Return these without a tensor or a part of that name."""
        return self._kept(lambda name: name if name != part and not name.startswith(f"{part}.") else None)

    def inside(self, prefix: str) -> SavedNames:
        """Return those of a part as its own; what may be anywhere may be there as well."""
        found = self._kept(lambda name: name[len(prefix) :] if name.startswith(prefix) else None)
        around = next((reason for start, reason in self.unseen.items() if prefix.startswith(start)), None)
        return found if around is None else replace(found, unseen={**found.unseen, "": around})

    def _kept(self, renamed: Callable[[str], str | None]) -> SavedNames:
        """Return these under other names, without those that have none."""
        names = {name: renamed(name) for name in (*self.tensors, *self.variants, *self.unseen)}
        return SavedNames(
            {new: shape for name, shape in self.tensors.items() if (new := names[name]) is not None},
            frozenset(new for name in self.doubtful if (new := names[name]) is not None),
            frozenset(new for name in self.variants if (new := names[name]) is not None),
            {new: reason for name, reason in self.unseen.items() if (new := names[name]) is not None},
        )

    def joined(self, other: SavedNames) -> SavedNames:
        """Return these tensors and those of another part."""
        return SavedNames(
            {**self.tensors, **other.tensors},
            self.doubtful | other.doubtful,
            self.variants | other.variants,
            {**self.unseen, **other.unseen},
        )


@frozen
class LoadedWeights:
    """Weights that a program loads into a module: the names of both, as they are at that moment.

    `given` are the tensors that are loaded, None if they are not known, with the `cause`; the names in `maybe_given`
    may be missing. `file` is the checkpoint, and `read_at` the place where it is read. `strict` is None if it is not
    known.
    """

    owner: Node
    label: str
    span: Span
    names: SavedNames
    given: Mapping[str, Shape | None] | None = None
    maybe_given: frozenset[str] = frozenset()
    strict: bool | None = True
    file: str = ""
    read_at: Span | None = None
    cause: Cause | None = None
