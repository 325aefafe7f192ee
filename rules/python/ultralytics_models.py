"""Stand-ins for the networks of ultralytics 8.4.190, interpreted in its place: their layers are in `ultralytics.tsv`.

https://docs.ultralytics.com/models/ and https://docs.ultralytics.com/guides/model-yaml-config/
"""

import torch
import torch.nn as nn
from shapelint.stand_ins import has_more_parts, row, unseen


class Conv(nn.Module):
    def __init__(self, c1, c2, k, s, p):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, p, bias=False)
        self.bn = nn.BatchNorm2d(c2)
        self.act = nn.SiLU(inplace=True)

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Block(nn.Module):
    """Any other layer: a convolution in its place gives maps of the same shape."""

    def __init__(self, c1, c2, stride):
        super().__init__()
        self.whole = nn.Conv2d(c1, c2, stride, stride)
        has_more_parts(self)

    def forward(self, x):
        return self.whole(x)


class Concat(nn.Module):
    def __init__(self):
        super().__init__()
        self.d = 1

    def forward(self, x):
        return torch.cat(x, self.d)


class Classify(nn.Module):
    def __init__(self, c1, width, classes):
        super().__init__()
        self.conv = Conv(c1, width, 1, 1, 0)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(p=0.0, inplace=True)
        self.linear = nn.Linear(width, classes)

    def forward(self, x):
        return unseen("Classify of ultralytics gives its logits in training, and a pair in evaluation")


class Head(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        has_more_parts(self)

    def forward(self, x):
        return unseen(f"what the {self.kind} head of ultralytics gives has no signature here")


def built(kind, c1, sizes):
    """Build a layer, and return it with its channels."""
    if kind == "Classify":
        width, classes = [int(one) for one in sizes.split(",")]
        return Classify(c1, width, classes), classes
    channels, _, kernel = sizes.partition("/")
    if kind == "Upsample":
        return nn.Upsample(None, int(channels.split("*")[1]), "nearest"), c1
    if kind == "Concat":
        return Concat(), int(channels)
    if not sizes or "*" in channels:
        return Head(kind), 0
    if kind == "Conv":
        k, s, p = [int(one) for one in kernel.split(",")]
        return Conv(c1, int(channels), k, s, p), int(channels)
    return Block(c1, int(channels), int(kernel or 1)), int(channels)


def network(text, channels):
    layers, widths = [], []
    for written in text.split(" "):
        shape, _, taken = written.partition("<")
        kind, _, sizes = shape.partition(":")
        places = [int(one) for one in taken.split(",")] if taken else [-1]
        layer, width = built(kind, widths[places[0]] if widths else channels, sizes)
        layer.f = places if len(places) > 1 else places[0]
        layer.i = len(layers)
        layers.append(layer)
        widths.append(width)
    return nn.Sequential(*layers)


def name_of(path):
    """Return the name of a network from a file's: weights of versions 3 and 5 have a u at their end, and 6 for p6."""
    name = path.split("/")[-1].split(".")[0]
    if name.startswith(("yolov3", "yolov5")) and name.endswith("u"):
        name = name[:-1]
    if name.startswith("yolov5") and name.endswith("6"):
        name = name[:-1] + "-p6"
    if row("ultralytics.tsv", name) is None and name[-1:].isdigit() and path.endswith(("yaml", "yml")):
        return name + "n"
    return name


class BaseModel(nn.Module):
    def __init__(self, cfg="yolo11n.yaml", ch=3, nc=None, verbose=True):
        super().__init__()
        text = row("ultralytics.tsv", name_of(cfg)) if isinstance(cfg, str) else None
        if text is None:
            self.model = unseen(f"the layers of {cfg} of ultralytics are not known here")
        else:
            self.model = network(text, ch)
        self.stride = unseen("the stride of an ultralytics model is not known here")
        self.yaml = unseen("the yaml of an ultralytics model is not known here")
        self.names = unseen("the classes of an ultralytics model are not known here")

    def forward(self, x, *args, **kwargs):
        seen = []
        for layer in self.model:
            if isinstance(layer.f, list):
                x = [x if place == -1 else seen[place] for place in layer.f]
            elif layer.f != -1:
                x = seen[layer.f]
            x = layer(x)
            seen.append(x)
        return x


class DetectionModel(BaseModel):
    pass


class SegmentationModel(BaseModel):
    pass


class PoseModel(BaseModel):
    pass


class OBBModel(BaseModel):
    pass


class ClassificationModel(BaseModel):
    pass


class RTDETRDetectionModel(BaseModel):
    pass


class YOLO(nn.Module):
    def __init__(self, model="yolo26n.pt", task=None, verbose=False):
        super().__init__()
        self.model = DetectionModel(model)
        self.model_name = model
        self.overrides = unseen("the overrides of an ultralytics model are not known here")

    def forward(self, *args, **kwargs):
        return unseen("YOLO of ultralytics gives predictions when it is called: its network is in its `model`")

    def load(self, weights="yolo26n.pt"):
        return self

    def fuse(self):
        return None

    def info(self, detailed=False, verbose=True):
        return None


class RTDETR(YOLO):
    def __init__(self, model="rtdetr-l.pt"):
        super().__init__(model)
