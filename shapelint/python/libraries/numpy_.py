"""numpy: the functions and constants with which scripts compute widths."""

from __future__ import annotations

import math

from shapelint.python.builtins import standard_library
from shapelint.python.libraries.standard_library_ import siteless
from shapelint.python.state.plugins import LibraryPlugin

NUMPY = LibraryPlugin(
    "numpy",
    packages=frozenset({"numpy"}),
    functions={"numpy.prod": siteless(standard_library.product)},
    constants={"numpy.inf": math.inf, "numpy.pi": math.pi},
)
