"""Stand-ins for the classifiers of lightly 1.6.0's benchmarks, interpreted in their place and never run."""

import torch.nn as nn


class OnlineLinearClassifier(nn.Module):
    def __init__(self, feature_dim=2048, num_classes=1000, topk=(1, 5)):
        super().__init__()
        self.feature_dim = feature_dim
        self.num_classes = num_classes
        self.topk = topk
        self.classification_head = nn.Linear(feature_dim, num_classes)
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.classification_head(x.detach().flatten(start_dim=1))

    def shared_step(self, batch, batch_idx):
        scores = self.forward(batch[0])
        scores.topk(max(self.topk))
        return self.criterion(scores, batch[1]), {}

    def training_step(self, batch, batch_idx):
        return self.shared_step(batch, batch_idx)

    def validation_step(self, batch, batch_idx):
        return self.shared_step(batch, batch_idx)
