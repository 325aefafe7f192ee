"""A call to be traced, and how it is passed to the process that traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.spec.spec import ClassName
from shapelint.trace.meta import Untraceable

CLASS_KEY = "class"
"""The key under which a class that is handed over is written: a plain string is another argument."""


@frozen
class TracingRequest:
    """The call to trace: `target(*positional, **arguments)` in a role; `at` is the only image size, None for any."""

    target: str
    arguments: Mapping[str, Any]
    positional: Sequence[Any]
    role: str
    at: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """The target, with the name that it is called with, if any."""
        named = [*self.positional[:1], self.arguments.get("model_name")]
        name = next((one for one in named if isinstance(one, str) and not isinstance(one, ClassName)), "")
        return f"{self.target}({name!r})" if name else self.target

    def to_json(self, root: str | None) -> str:
        """Return the request in one line, with the folder of a trusted package; None for a known library.

        Raises Untraceable for an argument that is neither a literal nor a class.
        """
        import json  # few runs trace anything

        written = {name: _written(value) for name, value in self.arguments.items()}
        places = [_written(value) for value in self.positional]
        try:
            return json.dumps([self.target, written, places, self.role, self.at, root], sort_keys=True)
        except TypeError:
            raise Untraceable("an argument is neither a number nor a name") from None

    @classmethod
    def from_json(cls, line: str) -> tuple[TracingRequest, str | None]:
        """Return the request of a line, and the folder of its package."""
        import json

        target, arguments, positional, role, at, root = json.loads(line)
        named = {name: _read(value) for name, value in arguments.items()}
        return cls(target, named, [_read(value) for value in positional], role, tuple(at) if at else None), root


def _written(value: Any) -> Any:
    if isinstance(value, ClassName):
        return {CLASS_KEY: str(value)}
    return [_written(item) for item in value] if isinstance(value, (list, tuple)) else value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return ClassName(value[CLASS_KEY]) if list(value) == [CLASS_KEY] else value
    return [_read(item) for item in value] if isinstance(value, list) else value
