"""What objects of the layers of `torch.nn` have, as stored in `rules/torch_attributes.txt`."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import rules_folder

FILE = "torch_attributes.txt"


@cache
def by_class() -> dict[str, frozenset[str]]:
    """The attributes of each class, but for those of every `nn.Module` and those that begin with `_`."""
    text = (rules_folder.folder() / FILE).read_text(encoding="utf-8")
    rows = (line.partition("\t") for line in text.splitlines()[1:])
    return {name: frozenset(rest.split()) for name, _, rest in rows}


@cache
def names() -> frozenset[str]:
    """The attributes of any class; another name may be one of a later version."""
    return frozenset().union(*by_class().values())
