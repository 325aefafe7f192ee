"""What the text of a program or a config names: files, modules, and configs. Nothing is parsed.

from .heads import Projection        import project.heads          from project import heads      Python
_base_ = "../base/byol.py"           _base_: ../base/byol.yaml     !include heads.yaml            paths
defaults: [{backbone: resnet18}, optimiser/sgd, override /head: byol]                             Hydra
@hydra.main(config_path="configs", config_name="byol")
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from shapelint.common.patterns import pattern

_FROM = pattern(r"^[ \t]*from[ \t]+([\w.]*)[ \t]+import[ \t]+(\([^()]*\)|\([^)]{0,2000}\)|[^\n#;]+)", re.MULTILINE)
_IMPORT = pattern(r"^[ \t]*import[ \t]+([^\n#;]+)", re.MULTILINE)
_PATH = pattern(r"""(?<![\w./\\-])[\w./\\-]+\.(?:py|ya?ml)\b""")
_DEFAULTS = pattern(r"^defaults[ \t]*:(.*(?:\n(?:[ \t-].*|[ \t]*))*)", re.MULTILINE)
_GROUP = pattern(r"""(?<![\w./-])/?([\w./-]+?)(?:@[\w.]+)?["']?[ \t]*:[ \t]*([^\n#{}]+)""")
_CONFIG_NAME = pattern(r"""(?:\bconfig_name[ ]*=[ ]*|\bcompose\([ ]*)["']([\w./-]+)["']""")
_WORD = pattern(r"(?<!@)\b\w[\w./-]*")
_DOTTED = pattern(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_AS = pattern(r"\bas\s+\w+")
_NAME = pattern(r"[A-Za-z_]\w*")
_MODULE = pattern(r"[\w.]+")

Names = tuple[str, ...]


class Mentions(
    NamedTuple(
        "Mentions",
        [
            ("paths", Names),
            ("imported", tuple[tuple[str, Names], ...]),
            ("configs", Names),
            ("defaults", Names),
            ("dotted", Names),
        ],
    )
):
    """What a text names, each list without repetitions.

    `imported` are modules with the names that are taken out of them, relative ones with their dots. `configs` are those
    that a program names for Hydra, `defaults` the entries of a config's defaults list, with their groups if they have
    one. `dotted` are the packages and modules before the last dot of a name.
    """

    __slots__ = ()


def mentioned(path: str, text: str) -> Mentions:
    """Return what a text names; by the suffix of its path it is a program or a config."""
    paths = _once(_PATH.findall(text))
    if not path.endswith(".py"):
        return Mentions(paths, (), (), _defaults(text), _once(one.rpartition(".")[0] for one in _DOTTED.findall(text)))
    imported = [(module, _once(_NAME.findall(_AS.sub("", names)))) for module, names in _FROM.findall(text)]
    modules = [module for names in _IMPORT.findall(text) for module in _MODULE.findall(_AS.sub("", names))]
    imported += [(module, ()) for module in modules]
    return Mentions(paths, tuple(dict.fromkeys(imported)), _once(_CONFIG_NAME.findall(text)), (), ())


def _defaults(text: str) -> Names:
    found: list[str] = []
    for block in _DEFAULTS.findall(text):
        found += (f"{group}/{word}" for group, options in _GROUP.findall(block) for word in _WORD.findall(options))
        found += _WORD.findall(block)
    return _once(found)


def _once(names: Iterable[str]) -> Names:
    return tuple(sorted(set(names)))
