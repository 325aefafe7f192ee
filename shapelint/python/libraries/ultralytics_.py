"""ultralytics: its networks, put together from stand-ins of their layers."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.plugins import LibraryPlugin

NETWORKS = words(
    "BaseModel ClassificationModel DetectionModel OBBModel PoseModel RTDETRDetectionModel SegmentationModel"
)

ULTRALYTICS = LibraryPlugin(
    "ultralytics",
    packages=words("ultralytics"),
    gives_way=True,
    stand_ins={
        "ultralytics.YOLO": "ultralytics_models.py",
        "ultralytics.RTDETR": "ultralytics_models.py",
        "ultralytics.models.yolo.YOLO": "ultralytics_models.py",
        **{f"ultralytics.nn.tasks.{name}": "ultralytics_models.py" for name in NETWORKS},
    },
)
