"""Trial edits of a file: what is wrong with a model after an edit, judged in the edited text.

Other models of the file are judged again only if an edit can affect them: always in a program, which is interpreted as
a whole; in a config only those that share the edited text through an alias, a merge key, a reference or a Hydra part.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from shapelint.common.frozen import replace
from shapelint.documents.nodes import InvalidYamlError
from shapelint.judge.repair import splice
from shapelint.judge.violations import Move, Violation
from shapelint.linting.analyse import FileAnalysis, analyse, analyse_model, invalid, is_python, read
from shapelint.linting.shifting import shifted
from shapelint.read.rereading import is_apart, reread
from shapelint.read.yaml import Reading
from shapelint.resolve.options import Options
from shapelint.spec.spec import ModelSpec
from shapelint.text.source import Source

MAXIMUM_KEPT_TRIALS = 16
"""Number of edited texts that are kept, for edits that several models try."""


class Trials:
    """Trial edits of an analysed file."""

    def __init__(self, file: FileAnalysis, options: Options):
        self.file = file
        self.options = options
        self.is_apart = cache(self._is_apart)
        self.edited: dict[str, _Edited] = {}

    def after(self, index: int, moves: Sequence[Move]) -> list[Violation]:
        """Return the violations of a model after edits, with those of the first other model that they break.

        If the edited text cannot be judged any more, return the violations from before, and the reason.
        """
        source = self._source(moves)
        model = self._alone(index, moves, source)
        if model is not None:
            return list(analyse_model(model, source, self.options).violations)
        edited = self._whole(source, moves)
        if index >= edited.count:
            return [*self.file.models[index].violations, *([edited.invalid] if edited.invalid else [])]
        return [*edited.violations(index), *self._elsewhere(edited, index)]

    def of_all(self, moves: Sequence[Move]) -> list[Sequence[Violation]] | None:
        """Return the violations of every model after edits; None if the models are not the same any more."""
        edited = self._whole(self._source(moves), moves)
        count = len(self.file.models)
        return [edited.violations(index) for index in range(count)] if edited.count == count else None

    def _source(self, moves: Sequence[Move]) -> Source:
        return replace(self.file.source, text=splice(self.file.source.text, moves))

    def _alone(self, index: int, moves: Sequence[Move], source: Source) -> ModelSpec | None:
        """Return the edited model if no other was edited and it can be read on its own."""
        reading = self.file.reading
        if reading is None:
            return None
        place = reading.found[index].mapping.span
        inside = all(place.start <= move.span.start and move.span.end < place.end for move in moves)
        return reread(reading, reading.found[index], source) if inside and self.is_apart(index) else None

    def _is_apart(self, index: int) -> bool:
        reading = self.file.reading
        return reading is not None and is_apart(reading, reading.found[index])

    def _whole(self, source: Source, moves: Sequence[Move]) -> _Edited:
        edited = self.edited.pop(source.text, None) or _edited(self.file, source, moves, self.options)
        self.edited[source.text] = edited  # the most recently used one is removed last
        if len(self.edited) > MAXIMUM_KEPT_TRIALS:
            del self.edited[next(iter(self.edited))]
        return edited

    def _elsewhere(self, edited: _Edited, index: int) -> list[Violation]:
        """Return new violations in the first other model of the file that edits break, because it shares a number."""
        for other, before in enumerate(self.file.models[: edited.count]):
            if other != index and not edited.is_unchanged(other):
                known = {violation.key for violation in before.violations}
                new = [one for one in edited.violations(other) if one.blocks and one.key not in known]
                if new:
                    return [replace(one, key=("elsewhere", other, *one.key)) for one in new]
        return []


class _Edited:
    """An edited text with its models; `invalid` is the violation if it does not parse."""

    def __init__(self, count: int, invalid: Violation | None = None):
        self.count = count
        self.invalid = invalid

    def violations(self, index: int) -> Sequence[Violation]:
        """Return the violations of a model."""
        raise NotImplementedError

    def is_unchanged(self, index: int) -> bool:
        """Return whether the edits leave a model unchanged, so that there are no new violations in it."""
        return False


class _EditedProgram(_Edited):
    def __init__(self, file: FileAnalysis):
        super().__init__(len(file.models), file.invalid)
        self.found = [model.violations for model in file.models]

    def violations(self, index: int) -> Sequence[Violation]:
        return self.found[index]


class _EditedConfig(_Edited):
    """An edited config, whose models are judged when their violations are first needed."""

    def __init__(self, before: Sequence[ModelSpec], after: Reading, moves: Sequence[Move], options: Options):
        super().__init__(len(after.models))
        self.before = before
        self.after = after
        self.moves = moves
        self.options = options
        self.judged: dict[int, Sequence[Violation]] = {}
        self.unchanged: dict[int, bool] = {}

    def violations(self, index: int) -> Sequence[Violation]:
        if index not in self.judged:
            model = self.after.models[index]
            self.judged[index] = analyse_model(model, self.after.source, self.options).violations
        return self.judged[index]

    def is_unchanged(self, index: int) -> bool:
        if index not in self.unchanged:
            self.unchanged[index] = shifted(self.before[index], self.moves) == self.after.models[index]
        return self.unchanged[index]


def _edited(file: FileAnalysis, source: Source, moves: Sequence[Move], options: Options) -> _Edited:
    if file.reading is None or is_python(source):
        return _EditedProgram(analyse(source, options, file.is_traced))
    try:
        return _EditedConfig(file.reading.models, read(source, options), moves, options)
    except InvalidYamlError as error:
        return _Edited(0, invalid(error, options))
