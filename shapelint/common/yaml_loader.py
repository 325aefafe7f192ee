"""PyYAML, which is imported when the first text is read: many runs read none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any


@cache
def yaml_loader() -> Any:
    """PyYAML's C loader if it was built with libyaml, because it is ten times faster."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def events(text: str) -> Iterator[Any]:
    """The events of a YAML text; raises yaml.YAMLError."""
    import yaml

    return yaml.parse(text, Loader=yaml_loader())


def loaded(text: str) -> Any:
    """The content of a YAML text; raises yaml.YAMLError."""
    import yaml

    return yaml.load(text, Loader=yaml_loader())
