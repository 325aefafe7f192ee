"""`GuardFirstBatch`: a callback of Lightning that guards the first batches of a fit."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from shapelint.live.guarding import Guard

_PACKAGES = ("lightning.pytorch", "pytorch_lightning")
"""The two names under which Lightning is installed."""


def _lightning() -> Any:
    """The Lightning that is already imported, else the one that is installed; raises ImportError."""
    for name in sorted(_PACKAGES, key=lambda name: name not in sys.modules):
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    raise ImportError("shapelint.GuardFirstBatch needs Lightning: pip install lightning")


_Callback: Any = _lightning().Callback


class GuardFirstBatch(_Callback):  # type: ignore[misc]
    """Raise ShapeError at the first wrong shape, in the sanity check and in the first batch of training.

        trainer = Trainer(callbacks=[shapelint.GuardFirstBatch()])

    After the first batch the hooks are removed.
    """

    def __init__(self) -> None:
        self._guard: Guard | None = None

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Guard the module."""
        self._guard = Guard(pl_module)

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        """Remove the hooks."""
        self._end()

    def on_exception(self, *_: Any, **__: Any) -> None:
        """Remove the hooks."""
        self._end()

    def on_fit_end(self, *_: Any, **__: Any) -> None:
        """Remove the hooks, where there was no batch."""
        self._end()

    def _end(self) -> None:
        if self._guard is not None:
            self._guard.remove()
            self._guard = None
