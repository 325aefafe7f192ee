"""Stand-ins for the online evaluator of lightning-bolts 0.7.0, interpreted in its place and never run."""

import torch
import torch.nn as nn


class SSLEvaluator(nn.Module):
    def __init__(self, n_input, n_classes, n_hidden=512, p=0.1):
        super().__init__()
        if n_hidden is None:
            self.block_forward = nn.Sequential(nn.Flatten(), nn.Dropout(p), nn.Linear(n_input, n_classes))
        else:
            self.block_forward = nn.Sequential(
                nn.Flatten(),
                nn.Dropout(p),
                nn.Linear(n_input, n_hidden, bias=False),
                nn.BatchNorm1d(n_hidden),
                nn.ReLU(),
                nn.Dropout(p),
                nn.Linear(n_hidden, n_classes),
            )

    def forward(self, x):
        return self.block_forward(x)


class SSLOnlineEvaluator:
    def __init__(self, z_dim=None, drop_p=0.2, hidden_dim=None, num_classes=None, dataset=None):
        if isinstance(z_dim, str):  # before 0.4: the name of the dataset first, the width last but one
            z_dim, num_classes = num_classes, dataset
        self.z_dim = z_dim
        self.hidden_dim = hidden_dim
        self.drop_p = drop_p
        self.num_classes = num_classes
        self.online_evaluator = None

    def setup(self, trainer, pl_module, stage=None):
        self.online_evaluator = SSLEvaluator(self.z_dim, self.num_classes, self.hidden_dim, self.drop_p)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx, dataloader_idx=0):
        views, labels = batch
        with torch.no_grad():
            features = pl_module(views[-1]).flatten(start_dim=1)
        scores = self.online_evaluator(features)
        nn.functional.cross_entropy(scores, labels)
