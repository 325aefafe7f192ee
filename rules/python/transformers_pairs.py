"""Stand-ins for the models of transformers 5.24.0 with a tower for images and one for text, interpreted in their place.

https://huggingface.co/docs/transformers/model_doc/clip, .../siglip: only the tower for images is known.
"""

import torch.nn as nn
from shapelint.stand_ins import has_more_parts, unseen
from transformers import CLIPVisionModel, SiglipVisionModel

OF_VERSIONS = "get_image_features gives a tensor in transformers 4 and an output with pooler_output in transformers 5"


class Pair(nn.Module):
    def get_image_features(self, *args, **options):
        return unseen(OF_VERSIONS)

    def get_text_features(self, *args, **options):
        return unseen("the tower for text of this model has no signature here")

    def forward(self, *args, **options):
        return unseen("what this model makes of images and text together has no signature here")


class CLIPModel(Pair):
    def __init__(self, config):
        super().__init__()
        self.projection_dim = config.projection_dim
        self.vision_embed_dim = config.hidden_size
        self.vision_model = CLIPVisionModel(config)
        self.visual_projection = nn.Linear(config.hidden_size, config.projection_dim, bias=False)
        has_more_parts(self)


class SiglipModel(Pair):
    def __init__(self, config):
        super().__init__()
        self.vision_model = SiglipVisionModel(config)
        has_more_parts(self)
