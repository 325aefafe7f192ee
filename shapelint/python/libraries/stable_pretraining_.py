"""stable-pretraining: the functions and classes with which it builds networks, interpreted from stand-ins."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.plugins import LibraryPlugin

_HOMES = {
    "from_torchvision": "backbone.utils",
    "from_timm": "backbone.utils",
    "vit_hf": "backbone.utils",
    "TeacherStudentWrapper": "backbone.utils",
    "EvalOnly": "backbone.utils",
    "MLP": "backbone.mlp",
}
"""The module of each name in the package; all of them are imported from `backbone`, too."""

STABLE_PRETRAINING = LibraryPlugin(
    "stable_pretraining",
    packages=words("stable_pretraining"),
    stand_ins={
        **{f"stable_pretraining.{name}": "stable_pretraining.py" for name in ("Manager", "Module")},
        **{
            f"stable_pretraining.{home}.{name}": "stable_pretraining.py"
            for name, module in _HOMES.items()
            for home in ("backbone", module)
        },
    },
)
