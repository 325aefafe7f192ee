"""The networks of ultralytics, cut where people cut them: they have the widths of the real ones, which run here too."""

from __future__ import annotations

import pytest
import torch
from taken_features import Taken, known_width, reasons, reported

CUT = """\
from ultralytics import RTDETR, YOLO
from ultralytics.nn.tasks import ClassificationModel, DetectionModel


def cut(network, end):
    return nn.Sequential(*list(network.children())[:end], nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Neck(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.layers = network[:-1]

    def forward(self, x):
        seen = []
        for layer in self.layers:
            if layer.f != -1:
                x = seen[layer.f] if isinstance(layer.f, int) else [x if j == -1 else seen[j] for j in layer.f]
            x = layer(x)
            seen.append(x)
        return x.mean((2, 3))


def without_logits(network):
    network.model[-1] = nn.Identity()
    return network


"""
IMAGES = (2, 3, 64, 96)
BACKBONES = [
    ('cut(YOLO("yolov8n.yaml").model.model, 10)', 256),
    ('cut(YOLO("yolov8s.yaml").model.model, 7)', 256),
    ('cut(DetectionModel("yolov8m.yaml", verbose=False).model, 9)', 576),
    ('cut(YOLO("yolov5n.yaml").model.model, 10)', 256),
    ('cut(YOLO("yolov8l-seg.yaml").model.model, 10)', 512),
    ('cut(YOLO("yolo11x.yaml").model.model, 11)', 768),
    ('cut(YOLO("yolo12s.yaml").model.model, 9)', 512),
    ('cut(YOLO("yolov9t.yaml").model.model, 9)', 128),
    ('cut(YOLO("yolov10b.yaml").model.model, 10)', 512),
    ('cut(YOLO("yolov3-tiny.yaml").model.model, 8)', 128),
    ('cut(YOLO("yolov6n.yaml").model.model, 9)', 256),
    ('cut(YOLO("yolov8.yaml").model.model, 4)', 64),
    ('cut(ClassificationModel("yolo11m-cls.yaml", verbose=False).model, -1)', 512),
    ('cut(RTDETR("rtdetr-l.yaml").model.model, 10)', 2048),
    ('Neck(YOLO("yolov8n.yaml").model.model)', 256),
    ('nn.Sequential(YOLO("yolo11n.yaml").model.model[:5], nn.Flatten())', 128 * 8 * 12),
]


def taken(backbone: str) -> Taken:
    return Taken(backbone, images=IMAGES, imports=CUT)


@pytest.mark.parametrize(("backbone", "width"), BACKBONES)
def test_the_first_layers_of_a_network_give_its_channels(backbone: str, width: int) -> None:
    assert known_width(taken(backbone)) == width


@pytest.mark.parametrize(("backbone", "width"), BACKBONES)
def test_so_do_those_of_the_real_network(backbone: str, width: int) -> None:
    pytest.importorskip("ultralytics")
    names = {"torch": torch, "nn": torch.nn}
    exec(CUT, names)
    network = eval(backbone, names).eval()  # type: ignore[call-overload]
    with torch.no_grad():
        assert network(torch.zeros(IMAGES)).shape == (2, width)


@pytest.mark.parametrize(
    ("weights", "width"),
    [("yolov8n.pt", 256), ("weights/yolo11s.pt", 512), ("yolov5mu.pt", 768), ("yolov8s-cls.pt", 512)],
)
def test_published_weights_have_the_network_of_their_name(weights: str, width: int) -> None:
    assert known_width(taken(f'cut(YOLO("{weights}").model.model, 9)')) == width


def test_the_classifier_says_what_it_takes() -> None:
    linear = 'YOLO("yolov8n-cls.pt").model.model[-1].linear'
    assert known_width(Taken(f"nn.Linear(40, {linear}.in_features)", images=(2, 40), imports=CUT)) == 1280
    assert reported(taken("YOLO('yolo11n.pt').model.model[0].conv"), 1).findings


@pytest.mark.parametrize(
    ("backbone", "reason"),
    [
        ('YOLO("runs/detect/best.pt").model.model', "the layers of runs/detect/best.pt of ultralytics are not known"),
        ('YOLO("yolov8n.yaml").model', "what the Detect head of ultralytics gives has no signature here"),
        ('YOLO("yolo11n-cls.pt").model', "Classify of ultralytics gives its logits in training"),
        ('YOLO("yolov8n.pt")', "YOLO of ultralytics gives predictions"),
    ],
)
def test_what_is_not_known_is_said(backbone: str, reason: str) -> None:
    assert any(reason in one for one in reasons(taken(backbone)))
