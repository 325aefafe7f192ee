"""Libraries of backbones whose networks are interpreted from stand-ins, and nothing else of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapelint.common.words import words
from shapelint.python.state.plugins import LibraryPlugin

_MONAI = words(
    """
    DenseNet DenseNet121 DenseNet169 DenseNet201 DenseNet264 Densenet121 Densenet169 Densenet201 Densenet264
    densenet121 densenet169 densenet201 densenet264 EfficientNetBN
    resnet10 resnet18 resnet34 resnet50 resnet101 resnet152 resnet200
    SEResNet50 SEResNet101 SEResNet152 SEResNext50 SEResNext101 SENet154 SEresnet50 Seresnet50 seresnet50
    SEresnet101 Seresnet101 seresnet101 SEresnet152 Seresnet152 seresnet152 SEResNeXt50 SEresnext50 Seresnext50
    seresnext50 SEResNeXt101 SEresnext101 Seresnext101 seresnext101 SEnet154 Senet154 senet154
    AutoEncoder BasicUNet BasicUnet Basicunet basicunet EfficientNetBNFeatures SegResNet SwinUNETR UNet Unet ViT
    ViTAutoEnc swin_unetr.SwinTransformer
    """
)
_GRAPH_LAYERS = words(
    """
    ARMAConv ChebConv ClusterGCNConv DynamicEdgeConv EGConv EdgeConv FeaStConv FiLMConv GATConv GATv2Conv
    GCNConv GENConv GINConv GraphConv LEConv MFConv PDNConv RGCNConv ResGatedGraphConv SAGEConv SGConv SSGConv
    SuperGATConv TAGConv TransformerConv
    """
)
_GRAPH_MODULES = {
    "conv": _GRAPH_LAYERS,
    "models": words("EdgeCNN GAT GCN GIN GraphSAGE JumpingKnowledge MLP"),
    "norm": words("BatchNorm GraphNorm InstanceNorm LayerNorm"),
    "pool": words("global_add_pool global_max_pool global_mean_pool"),
    "aggr": words("MaxAggregation MeanAggregation SumAggregation"),
    "dense": words("Linear"),
}
_TORCHGEO = {
    "resnet": words("resnet18 resnet50 resnet152"),
    "swin": words("swin_b swin_s swin_t swin_v2_b swin_v2_t"),
    "vit": words(
        """
        vit_small_patch16_224 vit_base_patch16_224 vit_large_patch16_224 vit_huge_patch14_224
        vit_small_patch14_dinov2 vit_base_patch14_dinov2
        """
    ),
}
_SMP = words("DeepLabV3 DeepLabV3Plus FPN Linknet MAnet PAN PSPNet Segformer UPerNet Unet UnetPlusPlus create_model")
_OPEN_CLIP = words("create_model create_model_and_transforms create_model_from_pretrained")

MONAI = LibraryPlugin(
    "monai",
    packages=words("monai"),
    gives_way=True,
    stand_ins={f"monai.networks.nets.{name}": "monai_nets.py" for name in _MONAI},
)
SMP = LibraryPlugin(
    "segmentation_models_pytorch",
    packages=words("segmentation_models_pytorch"),
    gives_way=True,
    stand_ins={
        "segmentation_models_pytorch.encoders.get_encoder": "smp_encoders.py",
        **{f"segmentation_models_pytorch.{name}": "smp_encoders.py" for name in _SMP},
    },
)
OPEN_CLIP = LibraryPlugin(
    "open_clip",
    packages=words("open_clip"),
    gives_way=True,
    stand_ins={f"open_clip.{name}": "open_clip_models.py" for name in _OPEN_CLIP},
)
EFFICIENTNET = LibraryPlugin(
    "efficientnet_pytorch",
    packages=words("efficientnet_pytorch"),
    gives_way=True,
    stand_ins={
        f"efficientnet_pytorch.EfficientNet.{name}": "efficientnets.py"
        for name in words("from_name from_pretrained get_image_size")
    },
)


def _by_module(package: str, modules: Mapping[str, Iterable[str]], file: str) -> dict[str, str]:
    """The file of each name, which a package has as well as the module of it that defines the name."""
    return {
        f"{package}.{place}{name}": file
        for module, names in modules.items()
        for name in names
        for place in ("", f"{module}.")
    }


TORCHGEO = LibraryPlugin(
    "torchgeo",
    packages=words("torchgeo"),
    gives_way=True,
    stand_ins=_by_module("torchgeo.models", _TORCHGEO, "torchgeo_models.py"),
)
TORCH_GEOMETRIC = LibraryPlugin(
    "torch_geometric",
    packages=words("torch_geometric"),
    gives_way=True,
    stand_ins=_by_module("torch_geometric.nn", _GRAPH_MODULES, "graph_layers.py"),
)
