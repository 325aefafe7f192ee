"""`assert_fits`: a unit test of a live model in one line."""

from __future__ import annotations

from typing import Any

from shapelint.live.checking import check
from shapelint.live.live_models import Modules


def assert_fits(module: Modules, input_shape: Any) -> None:
    """Raise AssertionError, with the findings as a report shows them, if `check` finds an error or a warning."""
    __tracebackhide__ = True  # pytest shows the line that calls it
    faults = [finding for finding in check(module, input_shape) if finding.severity != "info"]
    if faults:
        raise AssertionError("\n\n".join(["the shapes do not fit", *map(str, faults)]))
