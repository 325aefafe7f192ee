"""Python files as analysed models: the results of the interpreter, judged by the same rules as a config."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapelint.chain.chain import Chain, Flow, Link, Origin
from shapelint.chain.wiring import Judged
from shapelint.common import disk
from shapelint.common.frozen import frozen, replace
from shapelint.judge import rulebook
from shapelint.judge.evaluate import MAXIMUM_RELATED, judge, lost_widths, occasion_violations
from shapelint.judge.link_checks import LinkCheck
from shapelint.judge.occasions import Ends, Occasion
from shapelint.judge.subjects import bank, loss, target, variable
from shapelint.judge.subjects.bank import StoredWidth
from shapelint.judge.subjects.batch_axis import BatchAxisFacts
from shapelint.judge.subjects.ends import Output
from shapelint.judge.subjects.target import TargetFacts
from shapelint.judge.violations import Mark, Violation
from shapelint.knowledge import losses, methods, rules_folder
from shapelint.knowledge.rule_pages import Rule
from shapelint.linting import footprints, loaded_weights, python_links
from shapelint.linting.unused_replacements import explained
from shapelint.python.models.entry_points import InvalidPythonError, as_script
from shapelint.python.models.recognise import PythonModel, ReadModels, read_models
from shapelint.python.state.run import BankCall, LossCall
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.spec.findings import LossReport
from shapelint.spec.pairs import pair_width
from shapelint.spec.roles import kind
from shapelint.spec.spec import Argument, ComponentSpec, InputSpec, ModelSpec
from shapelint.text.source import Elsewhere, Source, Span

__all__ = ["AnalysedScript", "InvalidPythonError", "analyse"]

OPEN_IMAGE = InputSpec(3, dims.symbol("H"), dims.symbol("W"))


HELP = {
    "SL201": "take the classifier off: replace its last layer by nn.Identity(), or pass num_classes=0 to timm",
    "SL202": "make it a copy: copy.deepcopy(...)",
    "SL901": "declare a signature for it, or lint it with the file that builds it, where its library is installed",
}
"""Help for code, if the rule page only says what to write in a config."""


FaultPlace = tuple[object, ...]
"""What two violations of one fault in a shared module have in common."""

LOUD = "SL1"
"""How the codes of faults begin that stop a program."""
LOUD_AS_ERRORS = frozenset({"SL201", "SL212"})
"""Those that stop it if the widths do not fit either."""


@frozen
class AnalysedScript:
    """A model of a Python file with everything that is wrong with it."""

    script: PythonModel
    judged: Judged
    violations: tuple[Violation, ...]

    def links(self) -> Iterator[LinkCheck]:
        """Yield its links, and whether each was checked."""
        return python_links.checks(self.script)

    @property
    def checks(self) -> Iterator[footprints.FootprintPlaces]:
        """Footprints of everything in it that is checked."""
        yield from footprints.of_chain(self.script.chain)
        for loss_call in self.script.losses:
            given = loss_call.loss.spec.arguments if loss_call.loss.spec else ()
            yield footprints.of_flows([*(flow for _, flow in loss_call.operands), loss_call.stored], given)
        for bank_call in self.script.banks:
            yield footprints.of_flows([bank_call.features], [bank_call.width] if bank_call.width else [])
        for update in self.script.updates:
            yield footprints.of_components([update.online, update.target])


def analyse(source: Source, options: Options, may_trace: bool = False) -> tuple[list[AnalysedScript], ReadModels]:
    """Return all models of a file, and how they were read; raises InvalidPythonError. Each fault is reported once."""
    read = read_models(source, options, may_trace)
    known = rulebook.known(options.rules)
    reported: dict[FaultPlace, tuple[list[Violation], int]] = {}
    found = []
    for script in read.models:
        judged = _judged(script)
        violations: list[Violation] = []
        seen = (explained(one, judged, script.unused, known) for one in _violations(script, judged, known))
        for violation in _placed(source, seen):
            if options.users:
                if _is_in_importing_file(violation.span):
                    continue
                moves = tuple(move for move in violation.moves if not _is_in_importing_file(move.span))
                violation = replace(violation, moves=moves)
            if not script.is_self_supervised and not _is_loud(violation):
                continue
            if _is_for_verbose_only(violation, judged):
                continue
            first, position = reported.setdefault(_place(violation), (violations, len(violations)))
            if position == len(first):
                violations.append(replace(violation, help=_help(violation, judged)))
            elif first is not violations:
                first[position] = _with_user(first[position], violation)
        if script.is_own or not options.users:
            found.append((script, judged, violations))
    return [AnalysedScript(script, judged, tuple(violations)) for script, judged, violations in found], read


def _place(violation: Violation) -> FaultPlace:
    """Return what makes two violations one fault: its place, and in another file also the number and the layer."""
    code, span = violation.rule.page.code, violation.span
    if isinstance(span, Elsewhere):
        return code, span.path, span.line, str(violation.expected), *map(str, violation.key[2:])
    return code, span


def _with_user(violation: Violation, again: Violation) -> Violation:
    """Return a fault of a module that several models share, with the places in another model that leads to it."""
    user = [Mark(again.span, "used here, too")] if again.span != violation.span else []
    known = {violation.span, *(mark.span for mark in violation.related)}
    new = (mark for mark in (*user, *again.related) if mark.span not in known)
    return replace(violation, related=(*violation.related, *new)[:MAXIMUM_RELATED])


def _is_loud(violation: Violation) -> bool:
    """Whether a fault stops the program: nothing else is said of a model that is not self-supervised."""
    code = violation.rule.page.code
    return code.startswith(LOUD) or (code in LOUD_AS_ERRORS and violation.severity == "error")


def _is_in_importing_file(span: Span) -> bool:
    """Return whether a place is in a script that imports the linted file, without any place in the file itself."""
    return span.end == 0


def _help(violation: Violation, judged: Judged) -> str:
    """Return the help for code; an operation called in a forward is recognised by its role."""
    code, component = violation.rule.page.code, judged.components.get(violation.role)
    if code == "SL102" and component is not None and component.target == violation.role:
        return "name an axis that the tensor has, or keep the axes that it had"
    return HELP.get(code, violation.help)


def _is_for_verbose_only(violation: Violation, judged: Judged) -> bool:
    """Return whether it is about an unresolved component that is neither backbone nor head, which only `-v` reports."""
    roles = [role for role in judged.components if role == violation.role]
    return violation.rule.page.code == "SL901" and not any(kind(role) for role in roles)


def _placed(source: Source, violations: Iterator[Violation]) -> Iterator[Violation]:
    """Add the place to the notes of violations: the cell of a notebook, or a file other than the linted one."""
    script = as_script(source) if source.language == "notebook" else None
    for violation in violations:
        notes = violation.notes
        if script is not None:
            notes = (*notes, script.note(violation.span.start))
        if isinstance(violation.span, Elsewhere) and not violation.span.path.startswith(str(rules_folder.folder())):
            notes = (*notes, f"written in {_relative(source, violation.span)}")
        importing = [mark.span for mark in violation.related if _is_in_importing_file(mark.span)]
        related = tuple(mark for mark in violation.related if not _is_in_importing_file(mark.span))
        for span in dict.fromkeys(importing):
            if isinstance(span, Elsewhere):
                notes = (*notes, f"as it is built in {_relative(source, span)}")
        yield replace(violation, notes=notes, related=related)


def _relative(source: Source, span: Elsewhere) -> str:
    """Return a place in another file, with its path relative to the folder of the linted one."""
    return f"{os.path.relpath(span.path, Path(disk.real(source.path)).parent)}, line {span.line}"


def _judged(script: PythonModel) -> Judged:
    """Return the chain with a default method, whose wiring does not apply to code, so that no loss is checked."""
    pack = methods.pack(methods.DEFAULT)
    assert pack is not None
    components = {link.role: link.component for link in script.chain.links}
    specs = {role: component.spec for role, component in components.items()}
    said = script.method if script.is_self_supervised else None
    method = said or pack.method if script.is_self_supervised else ""
    named = script.span if said else None
    model = ModelSpec(script.name, method, OPEN_IMAGE, script.span, specs, script.problems, named=named)
    return Judged(model, pack, script.chain, script.chain, components)


def called_losses(script: PythonModel) -> tuple[LossReport, ...]:
    """Return the losses of a program, each once, with the roles that give their operands."""
    found = {}
    for call in script.losses:
        makers = tuple(flow.maker.role for _, flow in call.operands if flow is not None)
        name = call.name or call.loss.target.rpartition(".")[2]
        found[(call.span, name)] = LossReport(name, tuple(dict.fromkeys(makers)))
    return tuple(dict.fromkeys(found.values()))


def _violations(script: PythonModel, judged: Judged, known: Mapping[str, Rule]) -> Iterator[Violation]:
    yield from judge(judged, known)
    yield from occasion_violations(_occasions(script, judged), lost_widths(judged, known), known)


def _occasions(script: PythonModel, judged: Judged) -> Iterator[Occasion]:
    """Yield the losses, banks, targets and fixed batch sizes of the code."""
    for number, call in enumerate(script.losses):
        yield from _numbered(_loss(judged, call), number)
    for number, stored in enumerate(script.banks):
        yield from _numbered(_bank(judged, stored), number)
    for pair in script.updates:
        yield from target.updated(pair.name, pair.online, pair.target)
    for fault in script.targets:
        facts = TargetFacts(is_online=fault.is_online, is_used=fault.is_used)
        yield Occasion("target", {"target": facts}, Ends(("target", *fault.names), "", fault.span))
    for average in script.update_faults:
        facts = TargetFacts(swapped=average.words, effect=average.effect)
        yield Occasion("target", {"target": facts}, Ends(("target", average.span.start), "", average.span))
    if script.trained is not None:
        facts = TargetFacts(trained=" and ".join(script.trained.names))
        yield Occasion("target", {"target": facts}, Ends(("target", *script.trained.names), "", script.trained.span))
    yield from loaded_weights.occasions(script.loads)
    for one in script.latent:
        yield variable.by_chance(one.edge, f"{one.taken[1]} and {one.given[1]}")
    for reshape in script.reshapes:
        facts_ = BatchAxisFacts(reshape.operation, reshape.number, False, reshape.shape)
        key = ("batch_axis", reshape.order)
        ends = Ends(key, "", reshape.span, (), "B", reshape.number, steps=reshape.steps)
        yield Occasion("batch_axis", {"batch_axis": facts_}, ends)


def _numbered(occasions: Iterator[Occasion], number: int) -> Iterator[Occasion]:
    """Yield the occasions of one call, with keys that differ from those of any other call."""
    for occasion in occasions:
        yield replace(occasion, ends=replace(occasion.ends, key=(*occasion.ends.key, number)))


def _loss(judged: Judged, call: LossCall) -> Iterator[Occasion]:
    if not call.loss.target:
        return
    bound = losses.bind(call.loss.spec, None) if call.loss.spec else losses.bind(None, call.loss.target)
    if bound is not None and bound.signature.target_first:
        call = replace(call, operands=call.operands[::-1])
    outputs = [_output(judged.chain, flow) for _, flow in call.operands]
    yield from _prototypes(call, next((output for output in outputs if output), None))
    if bound is None or not outputs:
        return
    left, right = outputs[0], outputs[-1]
    spread = [flow is not None and _is_spread(flow) for _, flow in call.operands]
    if call.compared and any(spread) and (all(spread) or not call.is_averaged or bound.signature.over):
        return
    if call.compared and len(outputs) == 2 and (left or right):
        left, right = (made or _input_operand(call, flow) for made, (_, flow) in zip(outputs, call.operands))
    if call.compared and left is not None and right is not None and len(outputs) == 2:
        yield loss.compared(judged, bound, left, _with_batch_of(left, right), call.name)
    yield from _stored(call, bound, outputs[-1] or outputs[0])


def _is_spread(flow: Flow) -> bool:
    """Return whether an axis was added to broadcast over: `z.unsqueeze(1)`, to go with every `z.unsqueeze(0)`.

    An elementwise loss that averages all of it and has one such operand only compares what does not belong together.
    """
    if not isinstance(flow.value, tuple) or len(flow.value) < 3:
        return False
    made = zip(flow.value[:-1], flow.origins)
    return any(size == 1 and origin.component is None and bool(origin.steps) for size, origin in made)


def _input_operand(call: LossCall, flow: Flow | None) -> Output | None:
    """Return an operand of known width that no component made, such as image patches to be reconstructed."""
    if flow is None or not isinstance(flow.value, tuple) or not flow.value or not isinstance(flow.value[-1], int):
        return None
    role = "the input" if flow.maker.role == "input" else "the code"
    resolved = Resolved(ComponentSpec("call", role, call.span, call.span), role, "unknown")
    return Output(role, role, flow.value, None, Link(role, resolved, flow, flow, ()))


def _with_batch_of(left: Output, right: Output) -> Output:
    """Return `right` with the batch size of `left`: the training loop decides how many views either side holds."""
    if len(left.shape) != len(right.shape) or len(left.shape) < 2:
        return right
    return replace(right, shape=(left.shape[0], *right.shape[1:]))


def _stored(call: LossCall, bound: losses.BoundLoss, output: Output | None) -> Iterator[Occasion]:
    """Yield the memory bank of a loss, and the width that it was built with, if they do not fit the features."""
    if output is None or call.loss.spec is None:
        return
    signature, features, whole = bound.signature, output.shape[-1], call.loss.spec.span
    size = bound.given.get(signature.bank or "")
    width = pair_width(size) if size else None
    fixed = bound.value(signature.width)
    found: list[tuple[str, Argument]] = []
    if width is not None:
        found.append((f"the memory bank of {bound.label}", width))
    if isinstance(fixed, int):
        given = bound.given.get(signature.width or "") or Argument(fixed, call.loss.spec.head, None)
        found.append((f"{signature.width} of {bound.label}", given))
    for name, argument in found:
        if dims.equal(features, argument.value) is False:
            yield _stored_width(name, argument, whole, output)


def _prototypes(call: LossCall, output: Output | None) -> Iterator[Occasion]:
    """Yield the vectors with which a loss compares features, if their widths differ."""
    flow = call.stored
    if output is None or flow is None or not isinstance(flow.value, tuple) or not flow.origins:
        return
    argument, component = flow.origins[-1].argument, flow.origins[-1].component
    if argument is None or component is None or dims.equal(flow.value[-1], output.shape[-1]) is not False:
        return
    yield bank.occasion(StoredWidth("the weight of prototypes", argument, component.spec.span), output, True, "")


def _bank(judged: Judged, call: BankCall) -> Iterator[Occasion]:
    """Yield a memory bank that is called with features of another width."""
    output = _output(judged.chain, call.features)
    if output is None or call.width is None or dims.equal(output.shape[-1], call.width.value) is not False:
        return
    name = "the memory bank" if call.owner is None else call.component.spec.target
    yield _stored_width(name, call.width, call.component.spec.span, output)


def _stored_width(name: str, width: Argument, whole: Span, output: Output) -> Occasion:
    """Return the occasion of a stored width that differs from that of features: torch raises unless one is 1."""
    raises = 1 not in (output.shape[-1], width.value)
    return bank.occasion(
        StoredWidth(name, width, whole), output, raises, "" if raises else "the smaller one is repeated"
    )


def _output(chain: Chain, flow: Flow | None) -> Output | None:
    """Return an operand as the output of the component that made its last axis."""
    if flow is None or not isinstance(flow.value, tuple) or not flow.value:
        return None
    width: Origin = flow.origins[-1] if flow.origins else flow.maker
    width = width if width.component is not None else flow.maker
    if width.component is None:
        return None
    made = chain.link(width.role)
    link = Link(width.role, width.component, made.incoming if made else flow, flow, ())
    return Output(str(width.role), width.role, flow.value, width, link)
