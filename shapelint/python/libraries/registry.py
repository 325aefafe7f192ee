"""The library plugins of the interpreter."""

from __future__ import annotations

from shapelint.python.libraries.argparse_ import ARGPARSE
from shapelint.python.libraries.attribute_dicts import ATTRIBUTE_DICTS
from shapelint.python.libraries.backbone_libraries import EFFICIENTNET, MONAI, OPEN_CLIP, SMP, TORCH_GEOMETRIC, TORCHGEO
from shapelint.python.libraries.bolts_ import BOLTS
from shapelint.python.libraries.byol_pytorch_ import BYOL_PYTORCH
from shapelint.python.libraries.click_ import CLICK
from shapelint.python.libraries.config_commands import CONFIG_COMMANDS
from shapelint.python.libraries.config_files_ import CONFIG_FILES
from shapelint.python.libraries.gin_ import GIN
from shapelint.python.libraries.hydra_ import HYDRA
from shapelint.python.libraries.importing_ import IMPORTING
from shapelint.python.libraries.kornia_ import KORNIA
from shapelint.python.libraries.lightly_ import LIGHTLY
from shapelint.python.libraries.lightly_train_ import LIGHTLY_TRAIN
from shapelint.python.libraries.lightning_ import LIGHTNING
from shapelint.python.libraries.lightning_cli_ import LIGHTNING_CLI
from shapelint.python.libraries.numpy_ import NUMPY
from shapelint.python.libraries.others import OTHERS
from shapelint.python.libraries.paths_ import PATHS
from shapelint.python.libraries.pydantic_ import PYDANTIC
from shapelint.python.libraries.stable_pretraining_ import STABLE_PRETRAINING
from shapelint.python.libraries.stand_in_tools import STAND_IN_TOOLS
from shapelint.python.libraries.standard_library_ import STANDARD_LIBRARY
from shapelint.python.libraries.timm_ import TIMM
from shapelint.python.libraries.torch.plugin import TORCH
from shapelint.python.libraries.torchvision_ import TORCHVISION
from shapelint.python.libraries.transformers_ import TRANSFORMERS
from shapelint.python.libraries.ultralytics_ import ULTRALYTICS

PLUGINS = (
    STANDARD_LIBRARY,
    ARGPARSE,
    CLICK,
    IMPORTING,
    NUMPY,
    CONFIG_FILES,
    CONFIG_COMMANDS,
    ATTRIBUTE_DICTS,
    PYDANTIC,
    GIN,
    HYDRA,
    PATHS,
    TORCH,
    TORCHVISION,
    KORNIA,
    TIMM,
    TRANSFORMERS,
    LIGHTLY,
    LIGHTLY_TRAIN,
    LIGHTNING,
    LIGHTNING_CLI,
    BOLTS,
    BYOL_PYTORCH,
    STABLE_PRETRAINING,
    ULTRALYTICS,
    SMP,
    OPEN_CLIP,
    MONAI,
    EFFICIENTNET,
    TORCH_GEOMETRIC,
    TORCHGEO,
    STAND_IN_TOOLS,
    OTHERS,
)
