"""Stand-ins for the backbones of transformers 5.24.0 and for its wrapper of timm's models, interpreted in their place.

https://huggingface.co/docs/transformers/main_classes/backbones: a backbone gives the maps of the stages that its config
names in `out_features` or `out_indices`, that of the last one by default.
"""

import timm
import torch.nn as nn
from shapelint.stand_ins import has_more_parts, needed, output, unseen

INSIDE = "the inner outputs of a backbone of transformers have no signature here"


def stages(config, names):
    """Return the places of the stages that a config asks for."""
    features, indices = config._out_features, config._out_indices
    if features is not None:
        return [index for index, name in enumerate(names) if name in features]
    return [len(names) - 1] if indices is None else [index % len(names) for index in indices]


class Backbone(nn.Module):
    """Maps of stages of these widths; `layers` says which module comes before each."""

    def __init__(self, config, widths, layers):
        super().__init__()
        self.config = config
        self.stage_names = ["stem"] + [f"stage{index}" for index in range(1, len(widths))]
        self.num_features = widths
        self.out_indices = stages(config, self.stage_names)
        self.out_features = [self.stage_names[index] for index in self.out_indices]
        self.channels = [widths[index] for index in self.out_indices]
        self.layers = nn.ModuleList(layers)
        has_more_parts(self)

    def forward(self, pixel_values, output_hidden_states=None, output_attentions=None, **options):
        if not options.get("return_dict", True):
            return unseen("what a backbone of transformers gives without return_dict has no signature here")
        x = pixel_values
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        chosen = tuple([maps[index] for index in self.out_indices])
        return output("BackboneOutput", feature_maps=chosen, hidden_states=unseen(INSIDE), attentions=unseen(INSIDE))


def downsampled(width, wider, step):
    """Return a layer that divides the sides of a map by 1 or 2, rounding up."""
    return nn.Conv2d(width, wider, 3, step, 1)


class ResNetBackbone(Backbone):
    def __init__(self, config):
        widths = [config.embedding_size, *config.hidden_sizes]
        stem = nn.Sequential(nn.Conv2d(config.num_channels, widths[0], 7, 2, 3), nn.MaxPool2d(3, 2, 1))
        layers = [stem, downsampled(widths[0], widths[1], 2 if config.downsample_in_first_stage else 1)]
        for index in range(2, len(widths)):
            layers.append(downsampled(widths[index - 1], widths[index], 2))
        super().__init__(config, widths, layers)


class SwinBackbone(Backbone):
    def __init__(self, config):
        width, patch = config.embed_dim, config.patch_size
        widths = [width, *[width * 2**index for index in range(len(config.depths))]]
        layers = [nn.Conv2d(config.num_channels, width, 2 * patch - 1, patch, patch - 1), nn.Identity()]
        for index in range(2, len(widths)):
            layers.append(downsampled(widths[index - 1], widths[index], 2))
        super().__init__(config, widths, layers)


Swinv2Backbone = SwinBackbone


class TransformerBackbone(Backbone):
    """A backbone all of whose stages are grids of patches."""

    def __init__(self, config):
        width, patch = config.hidden_size, config.patch_size
        layers = [nn.Conv2d(config.num_channels, width, patch, patch)]
        layers += [nn.Identity() for _ in range(config.num_hidden_layers)]
        super().__init__(config, [width] * (config.num_hidden_layers + 1), layers)

    def forward(self, pixel_values, *args, **options):
        if not self.config.reshape_hidden_states:
            return unseen("what a backbone of transformers gives without reshape_hidden_states has no signature here")
        return super().forward(pixel_values, *args, **options)


DINOv3ViTBackbone = Dinov2Backbone = Dinov2WithRegistersBackbone = TransformerBackbone


class BeitBackbone(TransformerBackbone):
    def forward(self, pixel_values, *args, **options):
        if self.config.add_fpn:
            return unseen("what BeitBackbone of transformers gives with add_fpn has no signature here")
        return super().forward(pixel_values, *args, **options)


class ConvNextBackbone(Backbone):
    def __init__(self, config):
        width, patch = config.hidden_sizes[0], config.patch_size
        widths = [width, *config.hidden_sizes]
        layers = [nn.Conv2d(config.num_channels, width, patch, patch), nn.Identity()]
        for index in range(2, len(widths)):
            layers.append(nn.Conv2d(widths[index - 1], widths[index], 2, 2))
        super().__init__(config, widths, layers)

    def forward(self, pixel_values, *args, **options):
        if "hidden_sizes" not in self.config._given:
            return unseen("a backbone of transformers cannot be built of this config without hidden_sizes")
        return super().forward(pixel_values, *args, **options)


ConvNextV2Backbone = ConvNextBackbone


class DINOv3ConvNextBackbone(Backbone):
    def __init__(self, config):
        widths = [config.num_channels, *config.hidden_sizes]
        layers = [nn.Conv2d(widths[0], widths[0], 1), nn.Conv2d(widths[0], widths[1], 4, 4)]
        for index in range(2, len(widths)):
            layers.append(nn.Conv2d(widths[index - 1], widths[index], 2, 2))
        super().__init__(config, widths, layers)


class HieraBackbone(Backbone):
    def __init__(self, config):
        width = config.embed_dim
        widths = [width, *[int(width * config.embed_dim_multiplier**index) for index in range(len(config.depths))]]
        layers = [nn.Conv2d(config.num_channels, width, 7, 4, 3), nn.Identity()]
        for index in range(2, len(widths)):
            layers.append(nn.Conv2d(widths[index - 1], widths[index], 2, 2))
        super().__init__(config, widths, layers)

    def forward(self, pixel_values, *args, **options):
        config = self.config
        changed = ("patch_kernel", "patch_stride", "patch_padding", "query_stride", "num_query_pool")
        if [one for one in changed if one in config._given]:
            return unseen("what HieraBackbone of transformers gives with another stem or pooling has no signature here")
        height, width = config.image_size
        fits = pixel_values.shape[2] == height and pixel_values.shape[3] == width
        needed(fits or options.get("interpolate_pos_encoding", False), f"the images are not {height} x {width}")
        return super().forward(pixel_values, *args, **options)


class TimmBackbone(nn.Module):
    def __init__(self, config):
        super().__init__()
        indices = config._out_indices
        self.out_indices = (-1,) if indices is None else tuple(indices)
        self._backbone = timm.create_model(config.backbone, features_only=True, out_indices=self.out_indices)
        has_more_parts(self)

    def forward(self, pixel_values, output_hidden_states=None, output_attentions=None, **options):
        if not options.get("return_dict", True):
            return unseen("what a backbone of transformers gives without return_dict has no signature here")
        maps = tuple(self._backbone(pixel_values))
        return output("BackboneOutput", feature_maps=maps, hidden_states=unseen(INSIDE), attentions=None)


class TimmWrapperConfig:
    def __init__(self, architecture="resnet50", initializer_range=0.02, do_pooling=True, model_args=None, **options):
        self.architecture = architecture if model_args is None else unseen("what the model_args of a config change")
        self.do_pooling = do_pooling
        self.model_type = "timm_wrapper"


class TimmWrapperModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.timm_model = timm.create_model(config.architecture, num_classes=0)
        has_more_parts(self)

    def forward(self, pixel_values, output_attentions=None, output_hidden_states=None, do_pooling=None, **options):
        if not options.get("return_dict", True):
            return unseen("what a model of timm gives in transformers without return_dict has no signature here")
        features = self.timm_model.forward_features(pixel_values)
        pooled = None if do_pooling is not None and not do_pooling else self.timm_model.forward_head(features)
        return output("TimmWrapperModelOutput", last_hidden_state=features, pooler_output=pooled)
