"""Modules in memory: `check` traces one on fake tensors, `guard` watches its real forwards.

Apart from the tracer, this is the only part of shapelint that imports torch; `import shapelint` does not import it.
"""

from shapelint.live.asserting import assert_fits
from shapelint.live.checking import check
from shapelint.live.fakes import CannotTraceError
from shapelint.live.guarding import Guard, ShapeError, guard, guard_first_batch

__all__ = ["CannotTraceError", "Guard", "ShapeError", "assert_fits", "check", "guard", "guard_first_batch"]
