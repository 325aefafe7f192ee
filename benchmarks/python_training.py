"""Run a training script with its own transforms and trainer on a few random images, up to its first backward pass."""

from __future__ import annotations

import importlib.util
import logging
import sys
import types
import warnings
from typing import Any

from running import raised

IMAGES = 3


class ReachedLoss(BaseException):
    """Raised at the first backward pass, when everything before it has run."""


def truth(text: str) -> str:
    """Return the error of torch; empty if the script reaches its first backward pass."""
    try:
        return raised(text.replace('"mps"', '"cpu"')) or "never reached a loss"
    except ReachedLoss:
        return ""


def prepare() -> None:
    """Replace datasets by a few random images and a loader by one batch, and stop at the first backward pass."""
    import lightly.data
    import lightly.loss
    import lightly.models.modules
    import lightly.transforms
    import numpy
    import pytorch_lightning
    import torch
    import torchvision
    from PIL import Image

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    assert lightly.data.__name__  # import lightly before the patches

    class Images(torch.utils.data.Dataset):
        def __init__(self, *_: Any, transform: Any = None, **__: Any) -> None:
            self.transform = transform

        def __len__(self) -> int:
            return IMAGES

        def __getitem__(self, index: int) -> Any:
            image = Image.fromarray(numpy.random.default_rng(index).integers(0, 255, (64, 64, 3), dtype=numpy.uint8))
            return self.transform(image) if self.transform else image, 0

    real = torch.utils.data.DataLoader

    class Loader(real):
        def __init__(self, dataset: Any, **given: Any) -> None:
            real.__init__(self, dataset, batch_size=IMAGES, collate_fn=given.get("collate_fn"))

    def stop(*_: Any, **__: Any) -> None:
        raise ReachedLoss

    started = pytorch_lightning.Trainer.__init__

    def start(self: Any, **given: Any) -> None:
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        started(self, **{**given, **quiet, "enable_checkpointing": False})

    torchvision.datasets.CIFAR10 = torchvision.datasets.VOCDetection = Images
    torch.utils.data.DataLoader = Loader
    torch.Tensor.backward = stop
    pytorch_lightning.Trainer.__init__ = start
    _stand_in("sklearn.cluster", KMeans=None)  # a step after the first one would need it
    _stand_in("skimage.segmentation", felzenszwalb=lambda image, **_: numpy.indices(image.shape[:2]).sum(0) // 8)


def _stand_in(name: str, **content: Any) -> None:
    """Replace a module that is not installed."""
    package = name.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        for part in (package, name):
            sys.modules[part] = types.ModuleType(part)
        sys.modules[name].__dict__.update(content)
