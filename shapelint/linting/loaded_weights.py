"""Weights that a program loads, compared with the module that gets them: the occasions of the rules, and the links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapelint.common.frozen import replace
from shapelint.judge.link_checks import LinkCheck
from shapelint.judge.occasions import Ends, Occasion
from shapelint.judge.subjects.checkpoint import CheckpointFacts
from shapelint.python.state.saved_weights import LoadedWeights
from shapelint.shapes import dims, signatures
from shapelint.shapes.signatures import Shape
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

COUNTER = "num_batches_tracked"
"""A buffer that torch adds by itself where a checkpoint lacks it."""


def occasions(loads: Sequence[LoadedWeights]) -> Iterator[Occasion]:
    """Yield what is wrong with weights that are loaded, once for each place."""
    seen: set[Span] = set()
    for number, load in enumerate(loads):
        facts = _facts(load)
        if facts is not None and load.span not in seen:
            seen.add(load.span)
            related = (load.read_at,) if load.read_at is not None and load.read_at != load.span else ()
            key = ("checkpoint", load.label, number)
            yield Occasion(
                "checkpoint", {"checkpoint": facts}, Ends(key, "", load.span, related, facts.expected, facts.actual)
            )


def checks(loads: Sequence[LoadedWeights]) -> Iterator[LinkCheck]:
    """Yield one link for each place at which weights are loaded; one load that could not be compared is enough."""
    places: dict[Span, LinkCheck] = {}
    for load in loads:
        if load.span not in places or places[load.span].is_checked:
            places[load.span] = _check(load)
    yield from places.values()


def _check(load: LoadedWeights) -> LinkCheck:
    if load.given is None:
        cause = load.cause or Cause("which weights are loaded here is not known")
        return LinkCheck("checkpoint", cause.reason, cause.help, cause.span or load.span)
    reason = "" if _facts(load) is not None else _unknown(load, load.given)
    return LinkCheck("checkpoint", reason, "", load.span)


def _unknown(load: LoadedWeights, given: Mapping[str, Shape | None]) -> str:
    """Return what is not known of weights that are loaded without a fault, "" if nothing."""
    names = load.names
    hidden = [prefix for prefix in names.unseen if load.strict or any(name.startswith(prefix) for name in given)]
    if hidden:
        part = hidden[0].rstrip(".")
        return f"what {load.label}{f'.{part}' if part else ''} holds is not known: {names.unseen[hidden[0]]}"
    for name in (name for name in given if name in names.tensors):
        if not _is_known(given[name]) or not _is_known(names.tensors[name]):
            return f"the shape of {name} is not known"
    if load.strict is None and (_missing(load, given) or _unexpected(load, given)):
        return "whether the names must be the same is not known"
    return ""


def _is_known(shape: Shape | None) -> bool:
    return shape is not None and all(map(dims.is_known, shape))


def _facts(load: LoadedWeights) -> CheckpointFacts | None:
    """Return what is wrong with weights that are loaded, None if nothing is for certain."""
    given, names = load.given, load.names
    if given is None:
        return None
    matches = [name for name in given if name in names.tensors or name in names.variants]
    prefix = "" if matches else _prefix(given, names.tensors)
    start = CheckpointFacts(load.file, len(given), len(matches), role=load.label, prefix=prefix)
    for name in matches:
        expected, actual = names.tensors.get(name), given[name]
        if expected is not None and actual is not None and not _fits(expected, actual):
            others = [one for one in matches if not _may_fit(names.tensors.get(one), given[one])]
            shapes = signatures.format_shape(expected), signatures.format_shape(actual)
            return _with(start, kind="shape", tensor=name, expected=shapes[0], actual=shapes[1], others=len(others) - 1)
    if load.strict:
        for kind, found in (("missing", _missing(load, given)), ("unexpected", _unexpected(load, given))):
            if found:
                return _with(start, kind=kind, tensor=found[0], others=len(found) - 1)
    hidden = any(map(names.hides, given)) or not names.tensors
    if load.strict is False and not matches and not hidden:
        return replace(start, loads=False, example=next(iter(given), ""))
    return None


def _with(facts: CheckpointFacts, **more: str | int) -> CheckpointFacts:
    return replace(facts, fits=False, **more)


def _may_fit(expected: Shape | None, actual: Shape | None) -> bool:
    return expected is None or actual is None or _fits(expected, actual)


def _fits(expected: Shape, actual: Shape) -> bool:
    """Return whether torch may copy one tensor into another; a number may be saved as a list of one."""
    if expected == () and len(actual) == 1:
        return True
    return len(expected) == len(actual) and not any(dims.equal(a, b) is False for a, b in zip(expected, actual))


def _missing(load: LoadedWeights, given: Mapping[str, Shape | None]) -> list[str]:
    """Return the tensors of a module that are certainly not among those that are loaded."""
    owners = (name.rpartition(".")[0] for name in given if name in load.names.variants)
    other = {owner.removesuffix(".parametrizations.weight") for owner in owners}
    return [
        name
        for name in load.names.tensors
        if name not in given
        and name not in load.names.doubtful
        and name.rpartition(".")[2] != COUNTER
        and name.rpartition(".")[0] not in other
    ]


def _unexpected(load: LoadedWeights, given: Mapping[str, Shape | None]) -> list[str]:
    """Return the tensors that are certainly loaded, but that a module certainly does not hold."""
    names = load.names
    return [
        name
        for name in given
        if name not in names.tensors
        and name not in names.variants
        and name not in load.maybe_given
        and not names.hides(name)
    ]


def _prefix(given: Mapping[str, Shape | None], held: Mapping[str, Shape | None]) -> str:
    """Return what comes before most of a module's names in the names that are loaded."""
    counts: dict[str, int] = {}
    for name in given:
        parts = name.split(".")
        for count in range(1, len(parts)):
            if ".".join(parts[count:]) in held:
                start = ".".join(parts[:count]) + "."
                counts[start] = counts.get(start, 0) + 1
    best = max(counts, key=lambda start: counts[start], default="")
    return best if best and 2 * counts[best] >= len(held) else ""
