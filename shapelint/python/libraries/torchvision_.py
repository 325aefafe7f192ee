"""torchvision: its models, including the `VisionTransformer` class, and its transforms and datasets."""

from __future__ import annotations

from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.common.words import words
from shapelint.python.libraries import data_loaders, vision_transformers
from shapelint.python.libraries.torch import constructing, parts
from shapelint.python.libraries.vision_transformers import Layout, Vit
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import Components, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import UNKNOWN, Component, Const, Value
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import notation
from shapelint.shapes.notation import Pattern
from shapelint.signatures import stored

TRANSFORMER = "torchvision.models.VisionTransformer"
TRANSFORMER_NAME = pattern(r"torchvision\.models\.(vit_[a-z]+_(\d+))$")
"""Functions that build a transformer, with its patch size."""
RESNET = pattern(r"torchvision\.models\.(resnet\.)?(wide_)?(resnet|resnext)\d+\w*$")
TORCHVISION_PARAMETERS = {
    "VisionTransformer": ("image_size", "patch_size", "num_layers", "num_heads", "hidden_dim", "mlp_dim")
}
TASKS = {
    "models.detection": words(
        """
        fasterrcnn_mobilenet_v3_large_320_fpn fasterrcnn_mobilenet_v3_large_fpn fasterrcnn_resnet50_fpn
        fasterrcnn_resnet50_fpn_v2 fcos_resnet50_fpn keypointrcnn_resnet50_fpn maskrcnn_resnet50_fpn
        maskrcnn_resnet50_fpn_v2 retinanet_resnet50_fpn retinanet_resnet50_fpn_v2 ssd300_vgg16
        ssdlite320_mobilenet_v3_large
        """
    ),
    "models.detection.backbone_utils": words("BackboneWithFPN mobilenet_backbone resnet_fpn_backbone"),
    "models.segmentation": words(
        """
        deeplabv3_mobilenet_v3_large deeplabv3_resnet101 deeplabv3_resnet50 fcn_resnet101 fcn_resnet50
        lraspp_mobilenet_v3_large
        """
    ),
    "models.video": words("mc3_18 mvit_v1_b mvit_v2_s r2plus1d_18 r3d_18 s3d swin3d_b swin3d_s swin3d_t"),
    "ops": words("FeaturePyramidNetwork"),
    "ops.feature_pyramid_network": words("FeaturePyramidNetwork LastLevelMaxPool LastLevelP6P7"),
}
"""Networks of other tasks than classification, and their parts, by module."""
IMAGE = 224
"""Image size of a transformer built by one of these functions."""


def builds(target: str) -> bool:
    """Return whether a name is a model: a class other than an enumeration of weights, or a model function."""
    last = target.rpartition(".")[2]
    return not last.endswith("_Weights") if last[:1].isupper() else constructing.is_model(target)


def transformer(component: Component) -> Vit | None:
    """Return the numbers of a vision transformer or of the one that a component is part of; None for anything else."""
    model = vision_transformers.whole(component)
    if component.forgotten or model.forgotten:
        return None
    image = vision_transformers.number(model, "image_size", IMAGE)
    if match := TRANSFORMER_NAME.match(model.spec.target):
        width = _width(match[1])
        return Vit(width, int(match[2]), image, 1) if image and width is not None else None
    if model.spec.target != TRANSFORMER or "image_size" not in model.arguments:
        return None
    patch, wide = vision_transformers.number(model, "patch_size", 0), integer(model.arguments.get("hidden_dim"))
    return Vit(wide, patch, image, 1) if wide is not None and patch and image else None


def _width(name: str) -> int | None:
    """Return the width of a model's features from its stored signature."""
    found = stored.find(f"torchvision/{name}")
    shapes = found[1].rows[0].shapes if found else ""
    output = notation.parse_signature(shapes).alternatives[0].output if shapes else None
    width = output.axes[-1] if isinstance(output, Pattern) else None
    return width if isinstance(width, int) else None


def attribute(run: Run, owner: Component, name: str) -> Value | None:
    """Return an attribute of a ResNet or a vision transformer; None if its signature determines it."""
    if name == "inplanes" and RESNET.match(owner.spec.target):
        return _channels(run, owner)
    vit = transformer(owner)
    if vit is None:
        return None
    encoder = replace(owner.spec, target="torchvision.models.vision_transformer.Encoder")
    found: dict[str, Value] = {
        **vision_transformers.attributes(vit),
        "hidden_dim": Const(vit.width),
        "patch_size": vision_transformers.as_given(owner, "patch_size", vit.patch),
        "image_size": Const(vit.image),
        "seq_length": Const(vit.tokens),
        "encoder": Component(spec=encoder, part_of=owner),
    }
    return found.get(name)


def _channels(run: Run, owner: Component) -> Value:
    """Return the channels after the last block of a ResNet, which its classifier takes: it keeps them as `inplanes`."""
    line = parts.table(run, owner).get("fc", "")
    before = line.partition(":")[2].partition("->")[0].split()
    return Const(int(before[-1])) if before and before[-1].isdigit() else UNKNOWN


def resolve(component: Component, role: str, options: Options) -> Resolved | None:
    """Return the signature of a `VisionTransformer` object: it only takes square images of its own size."""
    if component.spec.target != TRANSFORMER:
        return None
    vit, given = transformer(component), _constructed(component)
    changed = not {"representation_size", "conv_stem_configs"}.isdisjoint(given)
    if vit is None or not isinstance(vit.width, int) or changed:
        return None
    others = tuple(name for name in given if name != "num_classes")
    layout = Layout(
        given=(*(f"{name}=None" for name in others), "num_classes=1000"),
        shapes=f"B 3 {vit.image} {vit.image} -> B num_classes",
        parts={
            "heads": f"torch.nn.Sequential: B {vit.width} -> B num_classes",
            "heads.head": f"torch.nn.Linear: B {vit.width} -> B num_classes",
        },
        inert=others,
        classes="num_classes",
    )
    return vision_transformers.resolved(component, layout, role, options)


def _constructed(component: Component) -> tuple[str, ...]:
    """Return the names of the arguments that the transformer was built with, in order."""
    positional = TORCHVISION_PARAMETERS["VisionTransformer"][: len(component.spec.positional)]
    return (*positional, *(name for name, _ in component.spec.keywords))


def get_model(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `get_model("resnet50", ...)`: build the model of that name."""
    name = arguments.positional[0].value if arguments.positional else None
    if not isinstance(name, Const):
        return None
    rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.complete)
    return run.call_library(f"torchvision.models.{name.value}", rest, site)


TORCHVISION = LibraryPlugin(
    "torchvision",
    packages=frozenset({"torchvision"}),
    functions={"torchvision.models.get_model": get_model, "torchvision.models._api.get_model": get_model},
    constants={
        "torchvision.models.resnet.BasicBlock.expansion": 1,
        "torchvision.models.resnet.Bottleneck.expansion": 4,
    },
    stand_ins={
        **{f"torchvision.{module}.{name}": "torchvision_tasks.py" for module, names in TASKS.items() for name in names},
        "torchvision.ops.MLP": "mlps.py",
        "torchvision.ops.misc.MLP": "mlps.py",
        "torchvision.models._utils.IntermediateLayerGetter": "feature_extractors.py",
        "torchvision.models.feature_extraction.create_feature_extractor": "feature_extractors.py",
        "torchvision.models.resnet.BasicBlock": "resnet_blocks.py",
        "torchvision.models.resnet.Bottleneck": "resnet_blocks.py",
    },
    make=data_loaders.make,
    components=Components(
        builds=builds,
        parameters=TORCHVISION_PARAMETERS,
        takes_classes=True,
        attribute=attribute,
        resolve=resolve,
        is_described=lambda component: transformer(component) is not None,
    ),
)
