"""The torch plugin: functions and classes of torch that are not described by signatures."""

from __future__ import annotations

import ast

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.libraries import data_loaders
from shapelint.python.libraries.torch import constructing, torch_functions, weight_files
from shapelint.python.libraries.torch.method_names import QUIET, RETURNS_SELF
from shapelint.python.state.arguments import NO_SITE, Arguments, Site
from shapelint.python.state.plugins import Components, Handler, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, sequence
from shapelint.python.state.values import NO_SPAN, NONE, UNKNOWN, Given, Items, Node, Tensor, Unknown, Value
from shapelint.python.tensors import tensor_operations

NO_COMPONENT = tuple(f"torch.nn.{part}" for part in ("functional", "init", "utils", "Parameter", "parameter"))
PASSES_ON = words(
    """
    DataParallel DistributedDataParallel compile convert_sync_batchnorm convert_syncbn_model Parameter script
    checkpoint_wrapper FullyShardedDataParallel
    """
)
SWA_AVERAGES = words("AveragedModel get_ema_avg_fn get_ema_multi_avg_fn")
OF_CHECKPOINTS = words("function use_reentrant preserve_rng_state context_fn determinism_check debug early_stop")
"""The parameters of `torch.utils.checkpoint.checkpoint` that it does not pass on."""
DOWNLOADS = words(
    """
    torch.hub.load_state_dict_from_url torch.utils.model_zoo.load_url
    torchvision._internally_replaced_utils.load_state_dict_from_url
    """
)


def builds(target: str) -> bool:
    """Return whether a name is a layer: a class of `torch.nn`."""
    return target.rpartition(".")[2][:1].isupper() and not target.startswith(NO_COMPONENT)


def fallback(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a function on tensors."""
    return torch_functions.call(run, name, arguments, site) if arguments.complete else torch_functions.blank()


def _container(kind: str) -> Handler:
    def handler(run: Run, arguments: Arguments, site: Site) -> Value:
        return constructing.container(run, kind, arguments)

    return handler


TENSOR_CLASSES = tuple(
    f"torch.{device}{kind}Tensor"
    for device, kinds in (("", ("", "Float", "Double", "Half", "Int", "Long")), ("cuda.", ("Float", "Long")))
    for kind in kinds
)
"""Classes of which a program builds tensors, from a list or from sizes."""


def _first(run: Run, arguments: Arguments, site: Site) -> Value:
    """Return the first argument."""
    return arguments.positional[0].value if arguments.positional else UNKNOWN


def _renamed(run: Run, arguments: Arguments, site: Site) -> Value:
    """Return the first argument, a module whose tensors get other names."""
    value = _first(run, arguments, site)
    if isinstance(value, Node):
        run.renamed[id(value)] = value
    return value


def _parameter(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `nn.Parameter(tensor)`: the same tensor, which its module saves."""
    value = _first(run, arguments, site) if arguments.positional else arguments.get(0, "data") or UNKNOWN
    if not isinstance(value, Tensor):
        return value
    parameter = replace(value, ones=None)
    run.saved[id(parameter)] = (parameter, True)
    return parameter


def _size(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `torch.Size([4, 512])`, which is a tuple."""
    items = sequence(_first(run, arguments, site)) if arguments.positional else Items([])
    return UNKNOWN if items is None else Items(list(items.items), "tuple", items.rest)


def _tensor(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `torch.Tensor()`, which has no elements, `torch.LongTensor([0, 1])` and `torch.Tensor(512, 10)`."""
    if not arguments.every:
        return tensor_operations.concrete([0])
    first = _first(run, arguments, site)
    if isinstance(first, Items) and len(arguments.every) == 1:
        how = _read_as(first, site)
        if not how:
            return torch_functions.unseen(run, "torch.Tensor", arguments, site)
        return tensor_operations.create(how, arguments)
    if len(arguments.positional) > 1 or integer(first) is not None:
        return tensor_operations.create("empty", arguments)
    return torch_functions.call(run, "torch.Tensor", arguments, site)


def _read_as(first: Items, site: Site) -> str:
    """Return whether a tensor is built of values ("tensor") or of a `torch.Size` ("empty"); "" where that is not seen.

    torch takes a tuple for values and a `torch.Size` for sizes: both are tuples here.
    """
    written = site.node.args[0] if isinstance(site.node, ast.Call) and site.node.args else None
    called = ast.unparse(written.func) if isinstance(written, ast.Call) else ""
    if first.kind != "tuple" or isinstance(written, ast.Tuple) or called in ("tuple", "list"):
        return "tensor"
    return "empty" if first.shape_of is not None or called == "torch.Size" else ""


def _number(run: Run, arguments: Arguments, site: Site) -> Value:
    """Return a number that is known at run time only."""
    return Unknown(is_number=True)


def spawn(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `torch.multiprocessing.spawn(worker, args=(...))`: the worker gets its number, then the arguments."""
    given = [*arguments.positional, *([arguments.keywords["args"]] if "args" in arguments.keywords else [])]
    worker = arguments.keywords["fn"].value if "fn" in arguments.keywords else given[0].value if given else UNKNOWN
    handed = next((sequence(one.value) for one in given if isinstance(one.value, Items)), None)
    passed = tuple(Given(value, NO_SPAN) for value in ([UNKNOWN, *handed.items] if handed else [UNKNOWN]))
    run.call(worker, Arguments(passed, complete=handed is None or handed.rest is None), NO_SITE)
    return NONE


def _checkpoint(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `checkpoint(function, *args)`, which calls the function with the arguments."""
    function = arguments.get(0, "function")
    if function is None:
        return UNKNOWN
    keywords = {key: one for key, one in arguments.keywords.items() if key not in OF_CHECKPOINTS}
    given = replace(arguments, positional=arguments.positional[0 if "function" in arguments.keywords else 1 :])
    return run.call(function, replace(given, keywords=keywords), site)


def _checkpoint_sequential(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `checkpoint_sequential(functions, segments, x)`, which calls one after another."""
    functions, value = arguments.get(0, "functions") or UNKNOWN, arguments.get(2, "input") or UNKNOWN
    listed = Items([functions]) if isinstance(functions, Node) else sequence(functions)
    if listed is None or listed.rest is not None:
        return torch_functions.unseen(run, "torch.utils.checkpoint.checkpoint_sequential", arguments, site)
    for function in listed.items:
        value = run.call(function, Arguments((Given(value, NO_SPAN),)), site)
    return value


LOADING = {
    "DataLoader": data_loaders.loader,
    "TensorDataset": data_loaders.tensor_dataset,
    "Subset": data_loaders.subset,
    "ConcatDataset": data_loaders.concatenated,
    "BatchSampler": data_loaders.batch_sampler,
    "RandomSampler": data_loaders.sampler,
    "SequentialSampler": data_loaders.sampler,
    "SubsetRandomSampler": data_loaders.subset_sampler,
    "DistributedSampler": data_loaders.distributed_sampler,
    "random_split": data_loaders.random_split,
}
DATA_MODULES = {
    "": tuple(LOADING),
    "dataset.": ("ConcatDataset", "Subset", "TensorDataset", "random_split"),
    "dataloader.": ("BatchSampler", "DataLoader", "RandomSampler", "SequentialSampler"),
    "sampler.": ("BatchSampler", "RandomSampler", "SequentialSampler", "SubsetRandomSampler"),
    "distributed.": ("DistributedSampler",),
}
"""The modules of `torch.utils.data` from which these are imported."""

TORCH = LibraryPlugin(
    "torch",
    packages=frozenset({"torch", "safetensors"}),
    functions={
        "torch.nn.Sequential": _container("Sequential"),
        "torch.nn.ModuleList": _container("ModuleList"),
        "torch.nn.ModuleDict": _container("ModuleDict"),
        "torch.nn.ParameterList": _container("ModuleList"),
        "torch.nn.ParameterDict": _container("ModuleDict"),
        "torch.nn.modules.container.Sequential": _container("Sequential"),
        "torch.Size": _size,
        **dict.fromkeys(TENSOR_CLASSES, _tensor),
        "torch.nn.Parameter": _parameter,
        "torch.nn.parameter.Parameter": _parameter,
        "torch.load": weight_files.load,
        "safetensors.torch.load_file": weight_files.load,
        "torch.save": weight_files.save,
        **{f"safetensors.torch.save_{form}": weight_files.save for form in ("file", "model")},
        **dict.fromkeys(DOWNLOADS, weight_files.from_url),
        "torch.nn.utils.parametrizations.weight_norm": _first,
        "torch.nn.utils.weight_norm": _first,
        "torch.nn.utils.spectral_norm": _renamed,
        "torch.nn.utils.parametrizations.spectral_norm": _renamed,
        "torch.nn.utils.parametrizations.orthogonal": _renamed,
        "torch.utils.checkpoint.checkpoint": _checkpoint,
        "torch.utils.checkpoint.checkpoint_sequential": _checkpoint_sequential,
        "torch.multiprocessing.spawn": spawn,
        "torch.distributed.get_rank": _number,
        "torch.distributed.get_world_size": _number,
        "torch.cuda.device_count": _number,
        **{
            f"torch.utils.data.{module}{name}": LOADING[name]
            for module, names in DATA_MODULES.items()
            for name in names
        },
    },
    stand_ins={
        "torch.hub.load": "torch_hub.py",
        **{f"torch.optim.swa_utils.{name}": "averaged_models.py" for name in SWA_AVERAGES},
        "torch.nn.TransformerEncoder": "transformer_encoders.py",
        "torch.nn.modules.transformer.TransformerEncoder": "transformer_encoders.py",
    },
    passes_on=PASSES_ON,
    fallback=fallback,
    components=Components(builds=builds),
    returns_self=RETURNS_SELF,
    quiet=QUIET,
)
