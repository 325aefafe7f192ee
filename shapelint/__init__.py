"""A static shape linter for BYOL and other self-supervised models.

From Python: `lint(paths)` lints files, `check(module, input_shape)` and `guard(module)` look at a live `nn.Module`.
Each is imported when it is first used: `import shapelint` imports no torch, and nothing else that is slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapelint.common.version import __version__ as __version__

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
