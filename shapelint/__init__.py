"""A static shape linter for BYOL and other self-supervised models.

From Python: `lint(paths)` lints files, `check(module, input_shape)` and `guard(module)` look at a live `nn.Module`.
Each is imported when it is first used: `import shapelint` imports no torch, and nothing else that is slow.
"""

import os
import sys

_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if sys.argv[:1] == ["-m"] and sys.path[0] in ("", os.getcwd()) and os.getcwd() != _HOME:
    # `python -m shapelint` puts the current folder first on the path, where anybody's typing.py could be: it goes
    # before anything else is imported, and `__future__` too. It stays only if shapelint itself was found through it.
    del sys.path[0]

from typing import TYPE_CHECKING, Any  # noqa: E402

from shapelint.common.version import __version__ as __version__  # noqa: E402

if TYPE_CHECKING:
    from shapelint.linting.lint_paths import InternalFaultError as InternalFaultError
    from shapelint.linting.lint_paths import lint as lint
    from shapelint.live import CannotTraceError as CannotTraceError
    from shapelint.live import ShapeError as ShapeError
    from shapelint.live import assert_fits as assert_fits
    from shapelint.live import check as check
    from shapelint.live import guard as guard
    from shapelint.live import guard_first_batch as guard_first_batch
    from shapelint.live.lightning_callback import GuardFirstBatch as GuardFirstBatch
    from shapelint.report.shown import show as show


_HOMES = {
    "lint": "shapelint.linting.lint_paths",
    "InternalFaultError": "shapelint.linting.lint_paths",
    "show": "shapelint.report.shown",
    "check": "shapelint.live",
    "assert_fits": "shapelint.live",
    "guard": "shapelint.live",
    "guard_first_batch": "shapelint.live",
    "GuardFirstBatch": "shapelint.live.lightning_callback",
    "CannotTraceError": "shapelint.live",
    "ShapeError": "shapelint.live",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    try:
        value = getattr(importlib.import_module(home), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"shapelint.{name} needs torch: pip install 'shapelint[torch]'") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
