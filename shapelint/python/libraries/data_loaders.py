"""Datasets of known length, and data loaders: the batches that they give, and how many rows these have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen, replace
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters
from shapelint.python.libraries import library_functions, transforms
from shapelint.python.state import class_lookup, loader_rows
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.kernel import Kind
from shapelint.python.state.loader_rows import LoaderRows
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, sequence, truth
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Const,
    Data,
    Dataset,
    Function,
    Given,
    Instance,
    Items,
    Table,
    Tensor,
    Unknown,
    Value,
    Views,
)
from shapelint.python.tensors import row_faults
from shapelint.python.tensors.axes import NO_ORIGIN
from shapelint.python.tensors.image_sizes import BATCH
from shapelint.python.tensors.row_faults import RowConflict
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Cause

PLACES = {"dataset": 0, "batch_size": 1, "sampler": 3, "batch_sampler": 4, "collate_fn": 6, "drop_last": 8}
"""The arguments of a loader that decide how many rows a batch has:
https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
"""
ORDERING = frozenset({"data_source", "replacement", "generator"})
"""Arguments of a sampler that decide the order of the samples alone."""


@frozen
class KnownLength:
    """How many samples a dataset of a library has: by an argument, or by the part that an argument chooses.

    A label is a whole number where `labels` is the place of the argument that may change it; else it is not known.
    """

    parameters: tuple[Parameter, ...]
    length: str
    lengths: Any
    unless: str
    labels: int | None = None


@lru_cache(maxsize=1)
def lengths() -> dict[str, KnownLength]:
    """Return the datasets of known length by their dotted names."""
    return {
        f"{package}.{call.partition('(')[0]}": KnownLength(
            parse_parameters(call),
            line.get("length", ""),
            line.get("lengths"),
            line.get("unless", ""),
            line.get("labels"),
        )
        for package, lines in rules_folder.load("datasets.yaml").items()
        for call, line in lines.items()
    }


def make(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Construct a transform, or a dataset; None for anything else."""
    views = transforms.construct(run, name, arguments, site)
    samples, labelled = _samples_of(name, arguments), _has_labels(name, arguments)
    return views if samples is None and not labelled else Dataset(views or UNKNOWN, samples, labelled=labelled)


def _has_labels(name: str, arguments: Arguments) -> bool:
    """Return whether the label of each sample is a whole number."""
    known = lengths().get(name)
    if known is None or known.labels is None or not arguments.complete:
        return False
    given = arguments.get(known.labels, "target_transform")
    return (given is None or given == NONE) and "transforms" not in arguments.keywords


def _samples_of(name: str, arguments: Arguments) -> int | None:
    known = lengths().get(name)
    if known is None or not arguments.complete or known.unless in arguments.keywords:
        return None
    last = known.parameters[-1]
    given = library_functions.by_name(known.parameters, arguments).get(last.name)
    chosen = last.default if given is None else given.value.value if isinstance(given.value, Const) else None
    found = chosen if known.length else known.lengths
    if isinstance(found, dict):
        found = found.get(str(chosen)) if isinstance(chosen, (str, bool)) else None
    return found if type(found) is int else None


def wrapped(run: Run, views: Views | None, dataset: Value | None) -> Value | None:
    """Return a dataset with other views of the samples of a dataset; None if nothing is known of it."""
    count = samples(run, dataset)
    return views if count is None else Dataset(views or UNKNOWN, count)


def _part(whole: Value | None, count: int | None) -> Dataset:
    """Return some of the samples of a dataset."""
    return Dataset(_source(whole), count, labelled=isinstance(whole, Dataset) and whole.labelled)


def tensor_dataset(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `TensorDataset(images, labels)`."""
    tensors = [given.value for given in arguments.positional]
    axes = axes_of(tensors[0]) if tensors and isinstance(tensors[0], Tensor) else None
    _note_rows(run, tensors, site)
    source = Items(list(tensors), "tuple") if arguments.complete else UNKNOWN
    size = axes[0].size if axes else None
    return Dataset(source, size if isinstance(size, int) and arguments.complete else None)


def _note_rows(run: Run, tensors: Sequence[Value], site: Site) -> None:
    """Record tensors of one dataset that have other numbers of rows."""
    found = [axes for one in tensors if isinstance(one, Tensor) and (axes := axes_of(one))]
    for axes in found[1:]:
        first, other = found[0][0], axes[0]
        if loader_rows.differ(first.size, other.size):
            conflict = RowConflict("TensorDataset", first.size, other.size, (first.origin, other.origin))
            row_faults.note_conflict(run, conflict, site)
            return


def subset(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `Subset(dataset, indices)`."""
    whole, indices = arguments.get(0, "dataset"), arguments.get(1, "indices")
    items = sequence(indices) if indices is not None else None
    counted = len(items.items) if items is not None and items.rest is None else None
    return _part(whole, counted)


def concatenated(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `ConcatDataset([first, second])`."""
    given = arguments.get(0, "datasets")
    items = sequence(given) if given is not None else None
    if items is None or items.rest is not None or not items.items:
        return Dataset(UNKNOWN, None)
    counts = [samples(run, item) for item in items.items]
    whole = None if None in counts else sum(count for count in counts if count is not None)
    labelled = all(isinstance(item, Dataset) and item.labelled for item in items.items)
    return Dataset(_source(items.items[0]), whole, labelled=labelled)


def batch_sampler(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `BatchSampler(sampler, 32, drop_last=True)`: the samples, and how they are divided into batches."""
    order, size = arguments.get(0, "sampler"), arguments.get(1, "batch_size")
    dropped = arguments.get(2, "drop_last")
    known = integer(size) if size is not None and arguments.complete else None
    if not isinstance(known, int) or known < 1 or dropped is None:
        return Dataset(UNKNOWN, None)
    return Dataset(UNKNOWN, samples(run, order), (known, truth(dropped)))


def sampler(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `RandomSampler(dataset)`: as many samples in another order; none are known if a number is chosen."""
    is_whole = arguments.complete and len(arguments.positional) < 2 and not arguments.keywords.keys() - ORDERING
    return Dataset(UNKNOWN, samples(run, arguments.get(0, "data_source")) if is_whole else None)


def subset_sampler(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `SubsetRandomSampler(indices)`."""
    indices = arguments.get(0, "indices")
    items = sequence(indices) if indices is not None and arguments.complete else None
    return Dataset(UNKNOWN, len(items.items) if items is not None and items.rest is None else None)


def distributed_sampler(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `DistributedSampler(dataset, num_replicas=2)`: the share of one process, if their number is written.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler: what does not divide
    evenly is filled up, or left out with `drop_last`.
    """
    whole, given = samples(run, arguments.get(0, "dataset")), arguments.get(1, "num_replicas")
    dropped, processes = arguments.get(5, "drop_last"), integer(given) if given is not None else None
    is_filled = dropped is None or truth(dropped) is False
    if whole is None or not isinstance(processes, int) or processes < 1 or not arguments.complete:
        return Dataset(UNKNOWN, None)
    is_known = is_filled or whole % processes == 0
    return Dataset(UNKNOWN, -(-whole // processes) if is_known else None)


def random_split(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `random_split(dataset, lengths)`: by numbers, or by fractions, of which the first get what is left."""
    whole, given = arguments.get(0, "dataset"), arguments.get(1, "lengths")
    items = sequence(given) if given is not None else None
    if items is None or items.rest is not None:
        return Items([], "list", _part(whole, None))
    parts = [item.value if isinstance(item, Const) else None for item in items.items]
    return Items([_part(whole, count) for count in _counts(parts, samples(run, whole))], "list")


def _counts(parts: Sequence[Any], whole: int | None) -> Sequence[int | None]:
    """Return how many samples each part has: https://docs.pytorch.org/docs/stable/data.html

    >>> _counts([0.9, 0.1], 101), _counts([90, 11], None), _counts([0.5, None], 10)
    ([91, 10], [90, 11], [None, None])
    """
    if not all(isinstance(part, float) for part in parts):
        return [part if type(part) is int else None for part in parts]
    if whole is None or sum(parts) > 1:
        return [None] * len(parts)
    counts = [int(whole * part) for part in parts]
    for index in range(whole - sum(counts)):
        counts[index % len(counts)] += 1
    return counts


def _source(dataset: Value | None) -> Value:
    return dataset.source if isinstance(dataset, Dataset) else dataset or UNKNOWN


def samples(run: Run, dataset: Value | None) -> int | None:
    """Return how many samples a dataset has; for a user-defined one, what its `__len__` says."""
    if isinstance(dataset, Dataset):
        return dataset.samples
    found = class_lookup.find(dataset.cls, "__len__") if isinstance(dataset, Instance) and dataset.cls else None
    if not isinstance(found, Function):
        return None
    count = integer(run.call_function(found, Arguments(), dataset))
    return count if isinstance(count, int) else None


def loader(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `DataLoader(dataset, ...)`: batches, each with the views of its dataset and a label."""
    run.has_loaders = True
    dataset = arguments.get(PLACES["dataset"], "dataset")
    facts = _facts(run, dataset, arguments, site)
    if facts is not None and facts.batches == 0:
        reason = (
            f"no batch is fed: the {facts.size} of one are more than the {facts.samples} of all, and drop_last is set"
        )
        run.unfollowed.append(((), Cause(reason, run.place(site.node, site.scope.file))))
        return Items([], "list")
    rows = _noted(run, facts)
    source, batch = _source(dataset), Data(rows)
    if _given(arguments, "collate_fn"):
        return Items([], "list", batch)
    if isinstance(source, Views):
        batch = replace(batch, sizes=source.sizes, labelled=bool(source.sizes))
    if isinstance(source, Instance):
        return Items([], "list", _own_batch(run, source, rows))
    if isinstance(dataset, Dataset) and dataset.labelled:
        labels = Tensor(Flow((rows,), (NO_ORIGIN,), NO_ORIGIN))
        is_one = isinstance(source, Views) and (source.keeps or len(source.sizes) == 1)
        return Items([], "list", Items([replace(batch, labelled=False, joined=is_one), labels], "list"))
    if isinstance(source, Items):
        return Items([], "list", Items([_stacked(item, rows, True) for item in source.items]))
    return Items([], "list", batch)


def _noted(run: Run, facts: LoaderRows | None) -> Dim:
    """Return the rows of a batch: the symbol of this loader in a run in which a loop gives them a number."""
    if facts is None:
        return BATCH
    if facts not in run.loaders or run.feeds == "epoch":
        run.loaders.append(facts)
    number = len(run.loaders) - 1 if run.feeds == "epoch" else run.loaders.index(facts)
    return loader_rows.symbol(number) if run.feeds else BATCH


def _given(arguments: Arguments, name: str) -> bool:
    """Return whether an argument is given, and is not None of Python."""
    value = arguments.get(PLACES[name], name)
    return value is not None and not (isinstance(value, Const) and value.value is None)


def _facts(run: Run, dataset: Value | None, arguments: Arguments, site: Site) -> LoaderRows | None:
    """Return how many rows the batches have; None if code that is not seen decides that."""
    if not arguments.complete or _given(arguments, "collate_fn"):
        return None
    if _given(arguments, "batch_sampler"):
        return _facts_of_sampler(arguments, site)
    given = arguments.get(PLACES["batch_size"], "batch_size")
    size = 1 if given is None else integer(given)
    if run.feeds == "epoch" and not isinstance(size, int) and given != NONE:
        size = 0
    elif not isinstance(size, int) or size < 1:
        return None
    dropped = arguments.get(PLACES["drop_last"], "drop_last")
    drops_last = False if dropped is None else truth(dropped)
    file = site.scope.file
    place = file.span(site.node) if file is not None and file.main else None
    if isinstance(given, Const) and given.place is not None and place is not None:
        place = given.place
    order = arguments.get(PLACES["sampler"], "sampler") if _given(arguments, "sampler") else dataset
    count = samples(run, order) if order is dataset or isinstance(order, Dataset) else None
    return LoaderRows(size, count, drops_last, place)


def _facts_of_sampler(arguments: Arguments, site: Site) -> LoaderRows | None:
    order, file = arguments.get(PLACES["batch_sampler"], "batch_sampler"), site.scope.file
    if not isinstance(order, Dataset) or order.batches is None:
        return None
    size, drops_last = order.batches
    return LoaderRows(size, order.samples, drops_last, file.span(site.node) if file is not None and file.main else None)


def _own_batch(run: Run, dataset: Instance, rows: Dim) -> Value:
    """Return an element of a user-defined dataset, stacked to a batch, if it has images of a known size."""
    assert dataset.cls is not None
    getter = class_lookup.find(dataset.cls, "__getitem__")
    if not isinstance(getter, Function):
        return Data(rows)
    given = run.call_function(getter, Arguments((Given(Unknown(is_number=True), NO_SPAN),)), dataset)
    return _stacked(given, rows) if transforms.sizes_of(given) else _of_samples(given, rows)


def _of_samples(sample: Value, rows: Dim) -> Value:
    """Return the batch of a sample that has tensors of known shapes: these are stacked."""
    if isinstance(sample, Items) and sample.kind in ("tuple", "list") and sample.rest is None:
        return Items([_of_samples(item, rows) for item in sample.items], "list")
    if isinstance(sample, Table) and not sample.open and not sample.maybe_missing:
        return Table({key: _of_samples(item, rows) for key, item in sample.items.items()})
    axes = () if _is_number(sample) else axes_of(sample) if isinstance(sample, Tensor) else None
    if axes is None:
        return Data(rows)
    return Tensor(Flow((rows, *(axis.size for axis in axes)), (NO_ORIGIN,) * (len(axes) + 1), NO_ORIGIN))


def _is_number(sample: Value) -> bool:
    """Return whether a sample is a number, which becomes one of a vector."""
    if isinstance(sample, Unknown):
        return sample.is_number
    return isinstance(sample, Const) and isinstance(sample.value, (int, float))


def _stacked(value: Value, rows: Dim, whole: bool = False) -> Value:
    """Return the batch of a sample, or of a `whole` tensor of samples."""
    if isinstance(value, Items) and value.kind != "slice":
        rest = _stacked(value.rest, rows) if value.rest else None
        return Items([_stacked(item, rows) for item in value.items], "list", rest)
    if isinstance(value, Table):
        return Table({key: _stacked(item, rows) for key, item in value.items.items()}, value.open)
    axes = axes_of(value) if whole and isinstance(value, Tensor) else None
    if axes and isinstance(value, Tensor):
        origins = (NO_ORIGIN, *(axis.origin for axis in axes[1:]))
        return Tensor(Flow((rows, *(axis.size for axis in axes[1:])), origins, NO_ORIGIN))
    return replace(value, rows=rows) if isinstance(value, Data) else Data(rows)


def set_attribute(run: Run, owner: Dataset, name: str, value: Value) -> bool:
    """Interpret `dataset.transform = transform`; anything else that is set may be the samples."""
    if "transform" not in name:
        forget(run, owner)
    elif isinstance(owner.source, Views):
        transforms.set_attribute(run, owner.source, name, value)
    return True


DATASET = Kind(set_attribute=set_attribute)
