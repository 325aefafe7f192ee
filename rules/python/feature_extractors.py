"""Stand-ins for torchvision 0.29.1's networks that return inner features, interpreted in their place.

https://docs.pytorch.org/vision/stable/feature_extraction.html
"""

import torch.nn as nn
from shapelint.stand_ins import unseen


def module_behind(model, node):
    """Return the classifier that takes what a node gives which is no module: the flattened map, or the class token."""
    parts = dict(model.named_children())
    if node == "getitem_5" and "heads" in parts:
        return model.heads
    if node == "flatten" and "fc" in parts and "avgpool" in parts:
        return model.fc
    if node == "flatten" and "features" in parts and "classifier" in parts:
        return model.classifier
    return None


class IntermediateLayerGetter(nn.Module):
    def __init__(self, model, return_layers):
        super().__init__()
        self.model = model
        self.found = {}
        for node, name in return_layers.items():
            self.found[name] = unseen(f"the node {node} of create_feature_extractor is no module, and is not known")
            behind = module_behind(model, node)
            if behind is None:
                model.get_submodule(node).register_forward_hook(self.keep(name))
            else:
                behind.register_forward_hook(self.keep_vector(name))

    def keep(self, name):
        def hook(module, inputs, output):
            self.found[name] = output

        return hook

    def keep_vector(self, name):
        def hook(module, inputs, output):
            if inputs[0].dim() == 2:
                self.found[name] = inputs[0]

        return hook

    def forward(self, x):
        self.model(x)
        return self.found


def create_feature_extractor(
    model,
    return_nodes=None,
    train_return_nodes=None,
    eval_return_nodes=None,
    tracer_kwargs=None,
    suppress_diff_warning=False,
    concrete_args=None,
):
    nodes = train_return_nodes if return_nodes is None else return_nodes
    if not isinstance(nodes, dict):
        nodes = {node: node for node in nodes}
    return IntermediateLayerGetter(model, nodes)
