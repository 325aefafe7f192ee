"""OmegaConf: configs created in the file."""

from __future__ import annotations

from shapelint.python.libraries.standard_library_ import dictionary
from shapelint.python.state.plugins import LibraryPlugin

OMEGACONF = LibraryPlugin(
    "omegaconf", packages=frozenset({"omegaconf", "hydra"}), functions={"omegaconf.OmegaConf.create": dictionary}
)
