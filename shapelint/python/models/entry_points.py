"""The order in which a file is interpreted: the module, uncalled functions, unused classes, the methods of models."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from shapelint.common import disk, syntax_trees
from shapelint.common.frozen import frozen, replace
from shapelint.common.patterns import pattern
from shapelint.python.interpreter import Interpreter
from shapelint.python.libraries import lightning_
from shapelint.python.state import class_lookup, forgetting, model_scan
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.class_lookup import is_module
from shapelint.python.state.loader_rows import FedBatch
from shapelint.python.state.other_files import OtherFiles
from shapelint.python.state.places import Places
from shapelint.python.state.run import IDLE_SHARE, MAXIMUM_SHARE, Answered, Call, Run
from shapelint.python.state.values import (
    NO_SPAN,
    Data,
    Function,
    Given,
    Instance,
    Scope,
    SourceFile,
    UserClass,
    Value,
)
from shapelint.python.tensors import line_shapes
from shapelint.python.tensors.image_sizes import BATCH
from shapelint.resolve.options import Options
from shapelint.spec.spec import Variable
from shapelint.text import notebook
from shapelint.text.source import Source, Span

IMAGES = pattern(
    r"^(x|y|img|image|im|batch|input|inp|view|sample|data|crop|q|k|query|key|anchor|target)s?(_?\w{0,2}\d*|_[qk])$"
)
NO_IMAGES = pattern(r"mask|idx|index|label|epoch|step|lr|dim|size|num|len|mode")
FORWARD = pattern(r"^(forward|_forward|forward_\w+|training_step|_shared_step|shared_step|step|loss)$")
MAXIMUM_USERS = 5


class InvalidPythonError(ValueError):
    """Raised for a text that is not Python of this version; `span` is the position that the parser reports."""

    def __init__(self, message: str, span: Span):
        super().__init__(message)
        self.message, self.span = message, span


@frozen
class Question:
    """What a second interpretation is for: how layers fit if a variable has another number, or for a certain batch.

    `answers` says of each call of a layer whether nothing is left to be asked after it; `feeds` is the batch.
    """

    moved: Variable | None = None
    answers: Callable[[Call], bool] | None = None
    feeds: FedBatch = ""


def interpret(
    source: Source, options: Options, may_trace: bool = True, question: Question | None = None
) -> tuple[Run, Scope]:
    """Interpret a file within its budget, or until a question is answered; raises InvalidPythonError.

    If its command line names a config, it is interpreted again once it is known by which of its words.
    """
    run, scope = _interpreted(source, options, may_trace, question)
    if not run.asks_for_words:
        return run, scope
    named = replace(options, words=run.words, named_as=run.named_as)
    return _interpreted(source, named, may_trace, question)


def _interpreted(source: Source, options: Options, may_trace: bool, question: Question | None) -> tuple[Run, Scope]:
    script = as_script(source)
    places = Places(script.text)
    try:
        tree = parse(script.text, places)
    except InvalidPythonError as error:
        raise InvalidPythonError(error.message, script.place(error.span)) from None
    path = Path(source.path)
    folder = path.parent if disk.is_file(path) else Path(options.folder) if options.folder else None
    run = Interpreter(options, text=source.own_text, folder=folder, may_trace=may_trace)
    run.tree, run.others = tree, OtherFiles(source)
    if question is not None:
        run.moved, run.answers, run.feeds = question.moved, question.answers, question.feeds
    scope = Scope({}, None, SourceFile(source.path, lambda node: script.place(places.span(node))), "module")
    if not model_scan.MODEL_WORDS.search(script.text) or not model_scan.can_hold_a_model(tree, run.folder):
        return run, scope
    run.modules[disk.real(path)] = scope
    with suppress(Answered):
        _everything(run, tree, scope)
    return run, scope


def _everything(run: Run, tree: ast.Module, scope: Scope) -> None:
    """Interpret the module, what uses it, and what nothing in it uses."""
    _module(run, tree, scope)
    run.stop_of_module = run.stop
    for user in run.options.users[:MAXIMUM_USERS]:
        _user(run, Path(user))
    _idle_functions(run, scope)
    _idle_classes(run, scope)
    _methods(run)


def as_script(source: Source) -> notebook.Script:
    """Return the Python code of a file: its text, or the code cells of a notebook; raises InvalidPythonError."""
    if source.language != "notebook":
        return notebook.Script(source.own_text)
    try:
        return notebook.read(source.own_text)
    except notebook.NotebookError as error:
        place = Span(error.offset, min(error.offset + 1, len(source.own_text)))
        raise InvalidPythonError(f"not a notebook: {error}", place) from None


def parse(text: str, places: Places) -> ast.Module:
    """Return the syntax tree of a text; raises InvalidPythonError."""
    try:
        return syntax_trees.module(text)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), len(places.starts))
        start = min(places.offset(line, 0) + max((error.offset or 1) - 1, 0), max(len(text) - 1, 0))
        message = f"not Python that this version reads: {error.msg}"
        raise InvalidPythonError(message, Span(start, min(start + 1, len(text)))) from None


def _user(run: Run, path: Path) -> None:
    """Interpret a script that imports the linted file, for the objects that it creates of the file's classes."""
    inner = None
    with run.share():
        inner = run.load_file(path, script=True)
    if inner is not None:
        _idle_functions(run, inner)
        _idle_classes(run, inner)


def _module(run: Run, tree: ast.Module, scope: Scope) -> None:
    for statement in tree.body:
        ended = True
        with run.share():
            ended = run.execute([statement], scope)
            if ended:
                return
        if run.exhausted and ended:
            forgetting.forget(run, scope)
            run.cut_everywhere = run.cut_everywhere or statement is not tree.body[-1]


def _idle_functions(run: Run, scope: Scope) -> None:
    """Call the functions that nothing in the file calls, with arguments guessed from the names of their parameters."""
    before = dict(run.line_shapes)
    for value in list(scope.names.values()):
        if isinstance(value, Function) and value.scope.file is scope.file and id(value.node) not in run.entered:
            _guarded(run, value, None, IDLE_SHARE)
    run.line_shapes = line_shapes.without_guesses(run.line_shapes, before)


def _batch(run: Run, model: Instance) -> Value | None:
    batch: Value | None = None
    with run.share(IDLE_SHARE):
        batch = lightning_.batch(run, model)
    return batch


def _guarded(
    run: Run,
    function: Function,
    receiver: Value | None,
    share: int = MAXIMUM_SHARE,
    batch: Value | None = None,
) -> None:
    """Call a function with guessed arguments; the first argument of a training step is a `batch`."""
    positional, keywords = arguments(function, receiver is not None)
    if batch is not None and keywords:
        keywords[next(iter(keywords))] = Given(batch, NO_SPAN)
    with run.share(share):
        run.call_function(function, Arguments(tuple(positional), keywords), receiver)


def arguments(function: Function, method: bool) -> tuple[list[Given], dict[str, Given]]:
    """Guess arguments: images for parameters that are named so, and for the first one of a method.

    The other parameters get their defaults or are unknown.
    """
    parameters = function.node.args
    names = [argument.arg for argument in (*parameters.posonlyargs, *parameters.args)]
    names = names[1:] if method else names
    given: dict[str, Given] = {}
    first_default = len(names) - len(function.defaults)
    for index, name in enumerate(names):
        first = method and index == 0 and index < first_default
        if (first or (IMAGES.match(name) and index < first_default)) and not NO_IMAGES.search(name):
            given[name] = Given(Data(BATCH), NO_SPAN)
    return [], given


def _idle_classes(run: Run, scope: Scope) -> None:
    """Instantiate the module classes that nothing in the file instantiates, with their defaults; all else is unknown.

    A class with subclasses is covered by these, as they construct it. The last class comes first, because it is the one
    that builds the others. If code that cannot be followed may instantiate a class, its defaults are not used.
    """
    derived = {id(base) for cls in scope.names.values() if isinstance(cls, UserClass) for base in cls.bases}
    built: set[int] = set()
    seen = 0
    for value in reversed(list(scope.names.values())):
        if not isinstance(value, UserClass) or value.scope.file is not scope.file or not is_module(value):
            continue
        built.update(id(instance.cls) for instance in run.instances[seen:])
        seen = len(run.instances)
        if id(value) not in built and id(value) not in derived:
            name = ast.copy_location(ast.Name(value.name, ast.Load()), value.node)
            node = ast.copy_location(ast.Call(name, [], []), value.node)
            run.starved = run.starved or _needs_more(value)
            with run.share():
                run.instantiate(
                    value, Arguments(complete=not (run.evaluates_strings or value.registered)), Site(node, scope)
                )


def _needs_more(cls: UserClass) -> bool:
    """Return whether a class cannot be instantiated without arguments."""
    found = class_lookup.find(cls, "__init__")
    if not isinstance(found, Function):
        return False
    parameters = found.node.args
    required = len(parameters.posonlyargs) + len(parameters.args) - 1 - len(found.defaults)
    return required > 0 or None in found.keyword_defaults


def _methods(run: Run) -> None:
    """Call the forward methods of every module that was built and whose forward was not called."""
    for instance in list(run.instances):
        if instance.cls is None or instance.origin is not None or not is_module(instance.cls):
            continue
        if id(instance) in run.extended:
            continue  # The program goes on with a part of it: whether it runs the whole any more is not known.
        held = not all(isinstance(node, Instance) and not _runs_its_parts(node) for node in instance.path[:-1])
        # Steps run first: what they call need not run again. Inner modules are run by the models that hold them.
        for name in sorted(_forwards(instance), key=lambda name: "step" not in name):
            function = class_lookup.find(instance.cls, name)
            inner = held and "step" not in name
            if name in instance.attributes:
                continue
            if isinstance(function, Function) and (id(instance), id(function.node)) not in run.visited and not inner:
                start = len(run.calls)
                _guarded(run, function, instance, batch=_batch(run, instance) if name == "training_step" else None)
                if id(instance) not in run.batches:
                    run.supposed_calls.append((range(start, len(run.calls)), instance))


def _forwards(instance: Instance) -> list[str]:
    """Return the names of the methods by which a module is run, in the order of its class and its bases."""
    line = class_lookup.resolution_order(instance.cls) if instance.cls is not None else []
    own = [cls for cls in line if isinstance(cls, UserClass)]
    methods = ((name, value) for cls in own for name, value in cls.scope.names.items())
    return [*dict.fromkeys(name for name, value in methods if _is_forward(name, value))]


def _runs_its_parts(instance: Instance) -> bool:
    """Return whether an object is a module with a forward, which runs the modules in it; a trainer is none."""
    return instance.cls is not None and is_module(instance.cls) and bool(_forwards(instance))


def _is_forward(name: str, value: Value) -> bool:
    return isinstance(value, Function) and FORWARD.match(name) is not None and value.wrapper in ("", "no_grad")
