"""Stand-ins for the classifiers of lightly 1.6.0's benchmarks, interpreted in their place and never run."""

import torch
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


class LinearClassifier(nn.Module):
    def __init__(self, model, batch_size_per_device, lr=0.1, feature_dim=2048, num_classes=1000, topk=(1, 5)):
        super().__init__()
        self.model = model
        self.batch_size_per_device = batch_size_per_device
        self.lr = lr
        self.feature_dim = feature_dim
        self.num_classes = num_classes
        self.topk = topk
        self.classification_head = nn.Linear(feature_dim, num_classes)
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, images):
        with torch.no_grad():
            features = self.model(images).flatten(start_dim=1)
        return self.classification_head(features)

    def shared_step(self, batch, batch_idx):
        predictions = self.forward(batch[0])
        predictions.topk(max(self.topk))
        return self.criterion(predictions, batch[1]), {}

    def training_step(self, batch, batch_idx):
        return self.shared_step(batch, batch_idx)[0]

    def validation_step(self, batch, batch_idx):
        return self.shared_step(batch, batch_idx)[0]


class FinetuneClassifier(LinearClassifier):
    def __init__(self, model, batch_size_per_device, lr=0.05, feature_dim=2048, num_classes=1000, topk=(1, 5)):
        super().__init__(model, batch_size_per_device, lr, feature_dim, num_classes, topk)

    def forward(self, images):
        return self.classification_head(self.model(images).flatten(start_dim=1))
