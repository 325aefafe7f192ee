"""What objects of the classes of a library have, as stored in files of the rules folder."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import rules_folder

OF_TIMM = "timm_attributes.txt"
OF_TORCH = "torch_attributes.txt"


@cache
def by_class(file: str) -> dict[str, frozenset[str]]:
    """The attributes of each class of a file, but for those of every `nn.Module` and those that begin with `_`."""
    path = rules_folder.folder() / file
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.is_file() else []
    return {name: frozenset(rest.split()) for name, _, rest in (line.partition("\t") for line in lines)}


@cache
def names(file: str) -> frozenset[str]:
    """The attributes of any class of a file; another name may be one of a later version."""
    return frozenset().union(*by_class(file).values())
