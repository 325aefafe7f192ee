"""Hugging Face's transformers: configs, the models built from them, and what these return.

https://huggingface.co/docs/transformers/main_classes/output: an output is an object that is read by attribute, key or
position. What each class does is in `rules/transformers.yaml`. Nothing is fetched: a name on the hub is known if its
config is in that file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.knowledge import pretrained_data
from shapelint.knowledge.schema.pretrained_models import PretrainedModel
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.torch import constructing, module_calls
from shapelint.python.objects import dicts
from shapelint.python.state import causes
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import Components, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import truth
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Component,
    Const,
    Data,
    Given,
    Items,
    Table,
    Tensor,
    Unknown,
    Value,
)
from shapelint.python.tensors.image_sizes import image
from shapelint.resolve import resolver
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.signatures import pretrained_signatures, versions
from shapelint.signatures.pretrained_signatures import PretrainedCall
from shapelint.spec.spec import Argument, Cause
from shapelint.text.source import Span

BUILDERS = frozenset({"from_pretrained", "from_config", "_from_config"})
CONFIG_BUILDERS = {"for_model": "model_type", "from_dict": "config_dict"}
"""Other functions that build a config, by the name of their first argument."""
AUTO_MODELS = frozenset({"AutoModel"})
BACKBONE, WRAPPER = "Backbone", "TimmWrapperModel"
STAND_INS = words(
    """
    BeitBackbone ConvNextBackbone ConvNextV2Backbone DINOv3ConvNextBackbone DINOv3ViTBackbone Dinov2Backbone
    Dinov2WithRegistersBackbone HieraBackbone ResNetBackbone SwinBackbone Swinv2Backbone TimmBackbone
    TimmWrapperConfig TimmWrapperModel
    """
)
PAIRS = words("CLIPModel SiglipModel")
"""Models with a tower for images and one for text, the first of which is known."""
CHOSEN = ("out_features", "out_indices")
"""Fields that name the stages which a backbone gives."""
NAME, TYPE = "_name_or_path", "model_type"
SEEN_FLAGS = ("interpolate_pos_encoding", "output_hidden_states", "output_attentions", "return_dict")
SHAPELESS_METHODS = words(
    """
    gradient_checkpointing_enable gradient_checkpointing_disable save_pretrained push_to_hub set_attn_implementation
    post_init tie_weights freeze_feature_encoder freeze_feature_extractor enable_input_require_grads
    get_input_embeddings resize_token_embeddings num_parameters
    """
)


def make(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Build a config or a model; None for any other name."""
    owner, _, last = name.rpartition(".")
    if last in CONFIG_BUILDERS:
        return _built_config(owner.rpartition(".")[2], last, arguments)
    if last not in BUILDERS:
        if pretrained_data.config(last) is not None:
            return config_of(last, arguments)
        return model_of(run, last, arguments, site) if pretrained_data.model(last) is not None else None
    cls = owner.rpartition(".")[2]
    if cls.endswith(BACKBONE):
        return _backbone(run, cls, last, arguments, site)
    if cls == "AutoConfig" or pretrained_data.config(cls) is not None:
        return _stored_config(cls, arguments)
    if cls not in (*AUTO_MODELS, *PAIRS) and pretrained_data.model(cls) is None:
        return None
    if last == "from_pretrained" and "config" not in arguments.keywords:
        return _pretrained(run, cls, arguments, site)
    given = arguments.get(0, "config") if last != "from_pretrained" else arguments.keywords["config"].value
    if cls in AUTO_MODELS:
        cls = pretrained_data.model_of(_config_class(given))
    rest = {key: value for key, value in arguments.keywords.items() if key != "config"}
    config = Given(given or UNKNOWN, Span(0, 0))
    return model_of(run, cls or "AutoModel", Arguments((config,), rest, arguments.complete), site)


def _built_config(cls: str, builder: str, arguments: Arguments) -> Value | None:
    """Interpret `XConfig.from_dict({...})` and `AutoConfig.for_model("vit", ...)`."""
    first = arguments.get(0, CONFIG_BUILDERS[builder])
    if builder == "for_model":
        kind = pretrained_data.config_of_type(str(first.value)) if isinstance(first, Const) else ""
        return config_of(kind, Arguments((), arguments.keywords, arguments.complete)) if kind else None
    if pretrained_data.config(cls) is None or not isinstance(first, Table) or first.open:
        return None
    fields = {name: Given(value, NO_SPAN) for name, value in first.items.items()}
    return config_of(cls, Arguments((), {**fields, **arguments.keywords}, arguments.complete))


def config_of(cls: str, arguments: Arguments, stored: Mapping[str, Any] | None = None) -> Value:
    """Return a config as an object with its fields; `stored` are the fields that its name on the hub has."""
    known = pretrained_data.config(cls)
    assert known is not None
    if not arguments.complete or arguments.positional:
        return dicts.namespace({TYPE: Const(known.model_type)})
    items = {name: _value(value) for name, value in {**known.fields, **(stored or {})}.items()}
    items.update({known.aliases.get(name, name): given.value for name, given in arguments.keywords.items()})
    for name, value in pretrained_signatures.computed(cls, _plain(items)).items():
        formula = pretrained_data.computed(cls)[name]
        items[name] = items[formula] if formula in items else _value(value)
    items.update({alias: items[name] for alias, name in known.aliases.items() if name in items})
    chosen = {f"_{name}": items.get(name, NONE) for name in CHOSEN}
    written = [Const(name) for name in (*(stored or {}), *arguments.keywords)]
    return dicts.namespace({**items, **chosen, "_given": Items(list(written)), TYPE: Const(known.model_type)})


def _value(value: Any) -> Value:
    if isinstance(value, (list, tuple)):
        return Items([_value(one) for one in value], "list")
    return UNKNOWN if dims.is_unknown(value) else Const(value)


def _plain(items: Mapping[str, Value]) -> dict[str, Any]:
    """Return the fields of a config as plain values: numbers, texts and lists, unknown for anything else."""
    return {name: _plain_one(value) for name, value in items.items()}


def _plain_one(value: Value) -> Any:
    return value.value if isinstance(value, Const) else library_functions.plain(value)


def _config_class(config: Value | None) -> str:
    kind = config.items.get(TYPE) if isinstance(config, Table) else None
    return pretrained_data.config_of_type(str(kind.value)) if isinstance(kind, Const) else ""


def _stored_config(cls: str, arguments: Arguments) -> Value:
    """Interpret `XConfig.from_pretrained(name, ...)`."""
    name = arguments.get(0, "pretrained_model_name_or_path")
    stored = pretrained_data.checkpoint(name.value) if isinstance(name, Const) else None
    if stored is None or cls not in ("AutoConfig", stored["config"]) or "whole" in stored:
        return dicts.namespace({NAME: name or UNKNOWN})
    fields = {field: value for field, value in stored.items() if field != "config"}
    return config_of(stored["config"], Arguments((), arguments.keywords, arguments.complete), fields)


def _pretrained(run: Run, cls: str, arguments: Arguments, site: Site) -> Value:
    """Interpret `XModel.from_pretrained(name, ...)`: arguments that are fields of its config change these."""
    name = arguments.get(0, "pretrained_model_name_or_path")
    if _is_of_timm(name) and cls in (*AUTO_MODELS, WRAPPER):
        return _built(run, WRAPPER, dicts.namespace({"architecture": name or UNKNOWN}), site)
    stored = pretrained_data.checkpoint(name.value) if isinstance(name, Const) else None
    if stored is None:
        return _unknown_model(
            run, cls, f"the config of {_shown(name)} is not stored here, and nothing is fetched", site
        )
    if cls in AUTO_MODELS:
        cls = stored.get("whole", "") or pretrained_data.model_of(stored["config"])
    fields = {field: value for field, value in stored.items() if field not in ("config", "whole")}
    if cls in PAIRS and stored.get("whole", "") == cls and len(arguments.every) == 1:
        return _built(run, cls, config_of(stored["config"], Arguments(), fields), site)
    model = pretrained_data.model(cls)
    if model is None:
        return _unknown_model(run, cls, f"what {cls} does is not stored here", site)
    if model.config != stored["config"]:
        reason = f"{_shown(name)} has a {stored['config']}, which is not that of {cls}"
        return _unknown_model(run, cls, reason, site)
    known = pretrained_data.config(model.config)
    assert known is not None
    own = {key: one for key, one in arguments.keywords.items() if key in known.fields or key in known.aliases}
    config = Given(config_of(model.config, Arguments((), own, arguments.complete), fields), Span(0, 0))
    rest = {key: value for key, value in arguments.keywords.items() if key in model.arguments}
    return model_of(run, cls, Arguments((config,), rest), site)


def _is_of_timm(name: Value | None) -> bool:
    return isinstance(name, Const) and isinstance(name.value, str) and name.value.startswith("timm/")


def _backbone(run: Run, cls: str, builder: str, arguments: Arguments, site: Site) -> Value:
    """Interpret `AutoBackbone.from_config(config)`, `XBackbone.from_pretrained(name, ...)` and their kin."""
    if builder != "from_pretrained":
        config = arguments.get(0, "config") or UNKNOWN
    elif _is_of_timm(arguments.get(0, "")) or "use_timm_backbone" in arguments.keywords:
        given = arguments.keywords.get("out_indices")
        indices = NONE if given is None else given.value
        config = dicts.namespace({"backbone": arguments.get(0, "") or UNKNOWN, "_out_indices": indices})
        return _built(run, "TimmBackbone", config, site)
    else:
        config = _stored_config("AutoConfig", arguments)
    kind = _config_class(config).removesuffix("Config")
    return _built(run, f"{kind}{BACKBONE}" if cls == f"Auto{BACKBONE}" else cls, config, site)


def _built(run: Run, cls: str, config: Value, site: Site) -> Value:
    """Build a model that is interpreted from a stand-in."""
    own = run.stand_in(f"transformers.{cls}")
    if own is None:
        return _unknown_model(run, cls, f"transformers.{cls} has no signature here", site)
    return run.call(own, Arguments((Given(config, Span(0, 0)),)), site)


def _shown(name: Value | None) -> str:
    return repr(name.value) if isinstance(name, Const) else "a name that is not known"


def _unknown_model(run: Run, cls: str, reason: str, site: Site) -> Component:
    spec = constructing.specification(run, f"transformers.{cls}", Arguments(), site)
    return Component(spec=replace(spec, note=reason))


def model_of(run: Run, cls: str, arguments: Arguments, site: Site) -> Value:
    """Interpret `XModel(config, ...)`: a component whose arguments are the fields of its config and its own."""
    model = pretrained_data.model(cls)
    config = arguments.get(0, "config")
    if model is None or not isinstance(config, Table) or not arguments.complete:
        return _unknown_model(run, cls, "its config is not known", site)
    if _config_class(config) != model.config:
        return _unknown_model(run, cls, f"its config is no {model.config} for certain", site)
    own = {name: _value(default) for name, default in model.arguments.items()}
    for position, name in enumerate(model.arguments):
        given = arguments.get(position + 1, name)
        own[name] = own[name] if given is None else given
    spec = constructing.specification(run, f"transformers.{cls}", Arguments(), site)
    fields = {**config.items, **own}
    located = [(name, _located(value, spec.span)) for name, value in fields.items() if _is_given(value)]
    spec = replace(spec, keywords=tuple(located), insertion=None)
    return Component(spec=spec, arguments={"config": config, **own})


def _is_given(value: Value) -> bool:
    """Return whether a field is written in the program, or not known: it is no default."""
    if isinstance(value, Items):
        return value.rest is not None or any(map(_is_given, value.items))
    return not isinstance(value, Const) or bool(value.place or value.literal or value.hops)


def _located(value: Value, span: Span) -> Argument:
    return constructing.argument(Given(value, span), False)


def _model(component: Component) -> PretrainedModel | None:
    return pretrained_data.model(component.spec.target.rpartition(".")[2])


def _fields(component: Component) -> dict[str, Any]:
    """Return the fields and arguments of a model as plain values, as they were when it was built."""
    model, config = _model(component), component.arguments.get("config")
    assert model is not None
    assert isinstance(config, Table)
    own = {name: component.arguments[name] for name in model.arguments}
    before = {name: argument.value for name, argument in component.spec.keywords}
    return {**_plain({**config.items, **own}), **before}


def resolve(component: Component, role: str, options: Options) -> Resolved:
    """Return the signature of a model, for a call without further arguments."""
    return _resolved(component, role, PretrainedCall())[0]


def _resolved(component: Component, role: str, call: PretrainedCall) -> tuple[Resolved, Mapping[str, bool]]:
    """Return the signature of a model for one kind of call, and the outputs that it lacks."""
    spec, model = component.spec, _model(component)
    differs = versions.difference(pretrained_data.LIBRARY, pretrained_data.versions())
    if model is None or spec.note or differs:
        return Resolved(spec, spec.target, "unknown", reason=spec.note or differs), {}
    values = _fields(component)
    if reason := pretrained_signatures.refused(model, values):
        return Resolved(spec, spec.target, "unknown", reason=reason), {}
    found = pretrained_signatures.outputs(spec.target.rpartition(".")[2], model, values, call)
    named = {parameter.name for parameter in found.signature.parameters}
    bound = replace(spec, keywords=tuple(one for one in spec.keywords if one[0] in named))
    result = resolver.applied(found.signature, bound, spec.target, role, "stored")
    elements = dict(_elements(result.given))
    sizes = {name: argument.value for name, argument in elements.items()}
    located = replace(result, spec=spec, given={**result.given, **elements}, values={**result.values, **sizes})
    return located, found.lacks


def _elements(given: Mapping[str, Argument]) -> Iterable[tuple[str, Argument]]:
    """Yield the elements of lists among arguments, by the names that formulas have for them."""
    for name, argument in given.items():
        for index, element in enumerate(argument.elements or (argument, argument)):
            yield f"{name}[{index}]", element
        if argument.elements:
            yield f"{name}[-1]", argument.elements[-1]


def attribute(run: Run, owner: Component, name: str) -> Value | None:
    """Return an attribute of a model; None for one that is not known."""
    if name == "config":
        return owner.arguments.get("config", UNKNOWN)
    return UNKNOWN if name in ("device", "dtype") else None


def call(run: Run, component: Component, arguments: Arguments, site: Site) -> Value:
    """Interpret `model(x, ...)`."""
    model, base = _model(component), module_calls.resolve(run, component)
    if model is None or base.signature is None:
        given = next((one.value for one in arguments.every if isinstance(one.value, (Tensor, Data))), UNKNOWN)
        module_calls.apply(run, component, _tensor(run, given, component, site), site, base)
        reason = f"{component.spec.target}: {base.reason}"
        return Unknown(Cause(reason, run.place(site.node, site.scope.file), is_output=True))
    (name,) = model.takes
    value = _tensor(run, arguments.get(0, name) or UNKNOWN, component, site)
    flags = {flag: _flag(component, flag, arguments) for flag in SEEN_FLAGS}
    kind = PretrainedCall(flags["interpolate_pos_encoding"], flags["output_hidden_states"] is True)
    resolved, lacks = _resolved(component, "backbone", kind)
    result = module_calls.apply(run, component, value, site, resolved)
    if not isinstance(result, Table) or flags["return_dict"] is None:
        return result if isinstance(result, Tensor) else UNKNOWN
    result = _whole(result, lacks, flags)
    return result if flags["return_dict"] else dicts.by_position(result)


def _tensor(run: Run, value: Value, component: Component, site: Site) -> Tensor:
    """Return the input of a model; what a loader gives is an image of as many channels as the model takes."""
    if isinstance(value, Data) and module_calls.takes_images(run, component):
        return image(value, module_calls.channels(run, component))
    return value if isinstance(value, Tensor) else causes.tensor(value, causes.argument(run, site))


def _flag(component: Component, name: str, arguments: Arguments) -> bool | None:
    """Return whether a call asks for something, as its argument or else the config says; None if that is unknown."""
    given = arguments.keywords.get(name)
    if given is not None and given.value != NONE:
        return truth(given.value)
    config = component.arguments.get("config")
    value = config.items.get(name) if isinstance(config, Table) else None
    return False if value is None else truth(value)


def _whole(result: Table, lacks: Mapping[str, bool], flags: Mapping[str, bool | None]) -> Table:
    """Return an output with the attributes that are None or not known as well."""
    items = dict(result.items)
    for name, is_none in lacks.items():
        every_layer = name == "hidden_states" and flags["output_hidden_states"] is None
        items[name] = NONE if is_none and not every_layer else UNKNOWN
    items["attentions"] = NONE if flags["output_attentions"] is False else UNKNOWN
    return replace(result, items=items)


TRANSFORMERS = LibraryPlugin(
    "transformers",
    packages=frozenset({"transformers"}),
    stand_ins={
        **{f"transformers.{name}": "transformers_backbones.py" for name in STAND_INS},
        **{f"transformers.{name}": "transformers_pairs.py" for name in PAIRS},
    },
    make=make,
    quiet=SHAPELESS_METHODS,
    components=Components(
        attribute=attribute,
        call=call,
        resolve=resolve,
        is_described=lambda component: True,
        traced_for_attributes=False,
    ),
)
