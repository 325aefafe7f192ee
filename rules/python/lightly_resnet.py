"""A stand-in with the shapes of lightly 1.6.0's ResNetGenerator, interpreted in its place and never run.

Each stage is a single convolution with the same effect on channels and size.
"""

import torch.nn as nn
import torch.nn.functional as F

EXPANSION = {"resnet-9": 1, "resnet-18": 1, "resnet-34": 1, "resnet-50": 4, "resnet-101": 4, "resnet-152": 4}


class ResNet(nn.Module):
    def __init__(self, expansion, width, num_classes):
        super().__init__()
        base = int(64 * width)
        self.conv1 = nn.Conv2d(3, base, 3, 1, 1)
        self.bn1 = nn.BatchNorm2d(base)
        self.layer1 = nn.Conv2d(base, base * expansion, 3, 1, 1)
        self.layer2 = nn.Conv2d(base * expansion, base * 2 * expansion, 3, 2, 1)
        self.layer3 = nn.Conv2d(base * 2 * expansion, base * 4 * expansion, 3, 2, 1)
        self.layer4 = nn.Conv2d(base * 4 * expansion, base * 8 * expansion, 3, 2, 1)
        self.linear = nn.Linear(base * 8 * expansion, num_classes)
        self.pool = nn.AvgPool2d(4)

    def children(self):
        return [self.conv1, self.bn1, self.layer1, self.layer2, self.layer3, self.layer4, self.linear]

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))))
        return self.linear(self.pool(x).flatten(1))


def ResNetGenerator(name="resnet-18", width=1, num_classes=10, num_splits=0):
    return ResNet(EXPANSION[name], width, num_classes)
