"""The results of a run: frozen data, made by the engine, rendered by `shapelint.report`.

Lines and columns count from 1, columns in code points, ends are exclusive. Severities are "error", "warning", "info".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Union

from shapelint.common.escaping import escape
from shapelint.common.frozen import frozen
from shapelint.text.location import Location

Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The severest first."""
Provenance = Literal["declared", "stored", "traced", "unknown"]
JsonShape = Union[list[Union[int, str]], list[list[Union[int, str]]], None]


@frozen
class Related:
    """A second place that explains a finding: where the other number comes from."""

    location: Location
    message: str


@frozen
class Edit:
    """Replace the text at a location; an empty range inserts."""

    location: Location
    text: str


@frozen
class AlternativeFix:
    """Another repair, as small as the chosen one."""

    message: str
    edits: tuple[Edit, ...]


@frozen
class Fix:
    """A repair that was proved by linting the edited text; `proof` says what that showed."""

    message: str
    edits: tuple[Edit, ...]
    safe: bool
    alternatives: tuple[AlternativeFix, ...] = ()
    proof: str = "the chain fits with it"


@frozen
class AppliedFix:
    """One fix that was applied: the rule, where it began, and each text that was replaced, with its replacement."""

    code: str
    location: Location
    texts: tuple[tuple[str, str], ...]


@frozen
class Finding:
    """One violated constraint.

    `label` is the text at the carets (the consumer's side), `expected` and `actual` are the two dimensions or shapes in
    conflict, `role` the component at fault, `model` the name of the model in its file. `written` is set if a finding is
    located where another file is used but is about that file: its path, and the line there.
    """

    code: str
    name: str
    severity: Severity
    message: str
    location: Location
    label: str = ""
    model: str = ""
    role: str = ""
    expected: int | str | list[int | str] | None = None
    actual: int | str | list[int | str] | None = None
    related: tuple[Related, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    fix: Fix | None = None
    written: tuple[str, int] | None = None

    @property
    def url(self) -> str:
        """Where the rule's page can be read; empty for a team's own rule."""
        if not self.code.startswith("SL"):
            return ""
        return f"https://github.com/shapelint/shapelint/blob/main/rules/{self.code}-{self.name}.md"

    @property
    def remarks(self) -> Iterator[tuple[str, str]]:
        """Yield what follows the message, each as its kind and its text; a fix states whether it is safe."""
        yield from (("note", note) for note in self.notes)
        fix = self.fix
        if self.help and not (fix and fix.message == self.help):
            yield "help", self.help
        if fix:
            proof = f"; {fix.proof}" if fix.proof else ""
            yield "help", f"{fix.message}   [fix is {'safe' if fix.safe else 'unsafe'}{proof}]"
            yield from (("help", f"or {alternative.message}") for alternative in fix.alternatives)

    def __str__(self) -> str:
        """Return the block that the text report has for it, without the lines of source."""
        places = [(self.location, self.label), *((one.location, one.message) for one in self.related)]
        margin = " " * len(str(max(max(place.line, place.end_line) for place, _ in places)))
        lines = [f"{self.severity}[{self.code}]: {escape(self.message)}"]
        for place, label in places:
            said = f": {escape(label)}" if label else ""
            lines.append(f"{margin} --> {escape(place.path)}:{place.line}:{place.column}{said}")
        for number, (kind, text) in enumerate(self.remarks):
            first, *rest = map(escape, text.split("\n"))
            lines += [f" {margin} |"] * (number == 0)
            lines += [f"{margin}  = {kind}: {first}", *(f"{margin}{' ' * (len(kind) + 6)}{line}" for line in rest)]
        return "\n".join(lines)


@frozen
class LayerReport:
    """One part of a component, for the table of `shapelint show --layers`."""

    name: str
    component: str
    input: JsonShape
    output: JsonShape
    weights: int | None = None


@frozen
class LinkReport:
    """One component of a chain: its input and output, and how they are known.

    `broken` is whether the component does not take its input, so that its output follows from its own arguments.
    `location` is where it is written, `after` the role that gives its input.
    """

    role: str
    component: str
    input: JsonShape
    output: JsonShape
    source: Provenance
    signature: str = ""
    weights: int | None = None
    note: str = ""
    layers: tuple[LayerReport, ...] = ()
    broken: bool = False
    location: Location | None = None
    after: str = ""


@frozen
class LossReport:
    """A loss, and the roles that give its operands; `target.projection_head` is that of the momentum copy.

    `role` is what findings call it.
    """

    name: str
    operands: tuple[str, ...]
    role: str = "loss"


@frozen
class UncheckedLink:
    """A link that could not be checked: the role that takes the tensor, the cause, and a remedy."""

    role: str
    reason: str
    help: str
    location: Location


@frozen
class ModelReport:
    """One model of a file; `links` counts the places where a tensor meets something that fixes its shape.

    The `chain` is empty if it is not to be shown; `unknown` counts the components of it that are not known.
    `method` is None where nothing says it, and `otherwise` is what the model is called then. `location` is where it is
    written. `copied` are the roles of which a config has a momentum copy without writing it.
    """

    name: str
    method: str | None
    chain: tuple[LinkReport, ...]
    links: int = 0
    unchecked: tuple[UncheckedLink, ...] = ()
    otherwise: str = "not self-supervised"
    location: Location | None = None
    losses: tuple[LossReport, ...] = ()
    copied: tuple[str, ...] = ()
    unknown: int = 0

    @property
    def title(self) -> str:
        """Its name, and its method or what it is."""
        return f"{self.name} ({self.method or self.otherwise})"

    @property
    def checked(self) -> int:
        """The number of links that were checked."""
        return self.links - len(self.unchecked)


@frozen
class TensorLine:
    """An expression that a statement names or gives back, and the shape of its tensors."""

    location: Location
    shape: JsonShape


@frozen
class FileReport:
    """One file: its models and findings; `problem` says why an unreadable file could not be read.

    `others` are the other files that it is composed of, each a path and a text; a finding may be in one. `is_open` is
    whether a class in it gets its parts from code outside the file, `users` are the files that were searched for that
    code. `is_fault` is whether shapelint itself failed on it. `tensors` are what the lines of a program give.
    `stop` is where a program certainly stops with the config that it is started with, so that nothing is said of its
    models; one that `takes_config` reads a file that its command line names, and does not know it. One that certainly
    `ignores_config` would have the same report with any other.
    """

    path: str
    status: Literal["checked", "no-model", "unreadable"]
    models: tuple[ModelReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    text: str = ""
    problem: str = ""
    notices: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    users: tuple[str, ...] = ()
    is_open: bool = False
    is_fault: bool = False
    tensors: tuple[TensorLine, ...] = ()
    stop: UncheckedLink | None = None
    takes_config: bool = False
    ignores_config: bool = False

    def findings_of(self, model: ModelReport) -> list[Finding]:
        """The findings of one of its models."""
        return [finding for finding in self.findings if finding.model == model.name]


@frozen
class Report:
    """All files of one run, in the order of their paths."""

    files: tuple[FileReport, ...] = ()
    skipped: int = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, sorted by path, line, column, code."""
        every = [finding for file in self.files for finding in file.findings]
        return tuple(sorted(every, key=lambda f: (f.location.path, f.location.line, f.location.column, f.code)))

    def count(self, severity: Severity) -> int:
        """The number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)
