# ruff: noqa: E501
"""Inputs for every reader of shapelint, by grammars and by changes of real files, and what each may do with them.

An input is made from a number: the same number gives the same input.
"""

from __future__ import annotations

import ast
import contextlib
import json
import random
import re
import struct
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from shapelint.checkpoints import CheckpointError, contents
from shapelint.documents.overrides import InvalidYamlError
from shapelint.documents.overrides import parse as parse_override
from shapelint.judge import rulebook
from shapelint.knowledge.rule_pages import RulePageError
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.linting.lint_paths import lint_text
from shapelint.read import call_strings
from shapelint.report import FORMATS, render
from shapelint.settings import config_files
from shapelint.settings.config import ConfigError
from shapelint.settings.settings import Settings
from shapelint.shapes import dims, expression, notation
from shapelint.shapes.signatures import substitute, unify
from shapelint.signatures import cache, soundness
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source, Span, UnreadableError, decode

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = Settings(isolated=True)
RAW = re.compile("[\r\x1b\u202e\x85\u2028\x0b]")

Dice = random.Random


def _words(text: str) -> list[str]:
    return text.split()


YAML_TOKENS = _words(
    """
    [ ] { } : , - & * ? | > ! % @ ` ' # ~ << : &a *a !!int !!str !!python/name:os.system --- ... null true .nan .inf
    1e999 0x10 0o7 1_000 -1 0 2147483648 9223372036854775808 ${x} ${oc.env:X} ${.a} ${now:} _target_: _args_:
    class_path: init_args: type: defaults: backbone: projection_head: prediction_head: method: input: batch_size:
    checkpoint: loss: target: out_dim: layers: name: kwargs:
    """
)
PYTHON_TOKENS = _words(
    """
    ( ) [ ] { } : , . = == -> := * ** @ if else for while in not lambda yield await async def class return import from
    try except with as match case global nonlocal del assert raise pass break continue None True False ... 0 -1
    10**9 1e999 'a' f'{x}' b'' torch nn self x h super() F.relu nn.Linear(3,4) x.view(-1) x.flatten(1) *x **x
    """
)
CALLS = _words(
    """
    Linear Conv2d BatchNorm1d Sequential BYOLProjectionHead resnet18 torch.nn.Linear timm.create_model my.Net
    lightly.loss.NegativeCosineSimilarity __import__ os.system
    """
)


def number_text(dice: Dice) -> str:
    """A number as people and attackers write it."""
    return dice.choice(
        ["0", "1", "3", "64", "256", "512", "-1", "1.5", "2**40", "10**9", "9" * 30, "9" * 5000, "0x1f", "1e9"]
    )


@lru_cache(maxsize=1)
def texts(suffix: str = ".yaml") -> list[str]:
    """The fixtures of one kind."""
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / "fixtures").rglob(f"*{suffix}"))]


def changed(dice: Dice, text: str, tokens: list[str]) -> str:
    """A text after some changes of its lines, words and characters."""
    for _ in range(dice.choice([1, 1, 2, 3, 8])):
        lines = text.split("\n")
        at = dice.randrange(len(lines))
        kind = dice.randrange(9)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, dice.choice(lines))
        elif kind == 2:
            lines[at] = " " * dice.choice([1, 2, 4, 40]) + lines[at]
        elif kind == 3:
            lines[at] = re.sub(r"\d+", lambda _: number_text(dice), lines[at], count=1)
        elif kind == 4:
            words = re.split(r"(\W)", lines[at])
            words.insert(dice.randrange(len(words) + 1), dice.choice(tokens))
            lines[at] = "".join(words)
        elif kind == 5:
            words = re.split(r"(\W)", lines[at])
            words[dice.randrange(len(words))] = dice.choice(tokens)
            lines[at] = "".join(words)
        elif kind == 6 and lines[at]:
            place = dice.randrange(len(lines[at]))
            lines[at] = (
                lines[at][:place]
                + dice.choice("\t\r\x0b\x0c\x85\u2028\u202e\ufeff\ud7ff\U0001f600é\x1b'\"\\#:")
                + lines[at][place:]
            )
        elif kind == 7:
            place = dice.randrange(len(text) + 1)
            lines = text[:place].split("\n")
        else:
            other = dice.choice(lines)
            lines[at] = lines[at] + other.strip()
        text = "\n".join(lines) or " "
    return text


def a_yaml(dice: Dice) -> str:
    return changed(dice, dice.choice(texts(".yaml")), YAML_TOKENS)


@lru_cache(maxsize=1)
def _parts() -> tuple[list[ast.expr], list[ast.stmt]]:
    trees = [ast.parse(text) for text in _scripts()]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return [node for node in nodes if isinstance(node, ast.expr)], [
        node for node in nodes if isinstance(node, ast.stmt)
    ]


@lru_cache(maxsize=1)
def _scripts() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / "fixtures").rglob("*.py"))]


class _Swap(ast.NodeTransformer):
    """Replaces some expressions and statements by others of any script."""

    def __init__(self, dice: Dice, chance: float):
        self.dice, self.chance = dice, chance

    def visit(self, node: ast.AST) -> ast.AST:
        if (
            isinstance(node, ast.expr)
            and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            and self.dice.random() < self.chance
        ):
            return self.dice.choice(_parts()[0])
        if isinstance(node, ast.stmt) and self.dice.random() < self.chance / 4:
            return self.dice.choice(_parts()[1])
        return self.generic_visit(node)


def a_script(dice: Dice) -> str:
    text = dice.choice(_scripts())
    if dice.random() < 0.3:
        return changed(dice, text, PYTHON_TOKENS)
    try:
        return ast.unparse(
            ast.fix_missing_locations(_Swap(dice, dice.choice([0.005, 0.02, 0.1])).visit(ast.parse(text)))
        )
    except (RecursionError, ValueError, AttributeError, TypeError):
        return text


def a_notebook(dice: Dice) -> str:
    lines = a_script(dice).splitlines(True)
    cuts = sorted(dice.randrange(len(lines) + 1) for _ in range(3))
    pieces = [lines[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)])]
    cells = [
        {
            "cell_type": dice.choice(["code", "code", "markdown"]),
            "metadata": {},
            "source": dice.choice([piece, "".join(piece)]),
        }
        for piece in pieces
    ]
    cells.insert(
        dice.randrange(len(cells)),
        {"cell_type": "code", "source": [dice.choice(["!ls\n", "%time x\n", "%%bash\n", "x?\n", "\n"])]},
    )
    text = json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=dice.choice([None, 1])
    )
    return (
        changed(dice, text, ["[", "]", "{", "}", "null", "3", '"source"', '"cells"']) if dice.random() < 0.4 else text
    )


def a_call(dice: Dice, depth: int = 0) -> str:
    if depth > 3 or dice.random() < 0.3:
        return dice.choice(
            [
                number_text(dice),
                "'a'",
                "None",
                "True",
                "[1, 2]",
                "(1,)",
                "{}",
                "a.b",
                "x",
                "-x",
                "3 * 4",
                "1 // 0",
                "lambda: 1",
                "*a",
                "**a",
            ]
        )
    given = [
        dice.choice(["", "", "bias=", "in_features=", "a.b="]) + a_call(dice, depth + 1)
        for _ in range(dice.randrange(4))
    ]
    text = f"{dice.choice(CALLS)}({', '.join(given)})"
    return changed(dice, text, list("()[]{},.='\"")) if dice.random() < 0.1 else text


def an_expression(dice: Dice, depth: int = 0) -> str:
    if depth > 4 or dice.random() < 0.25:
        return dice.choice(
            [
                "B",
                "H",
                "W",
                "n",
                "sizes",
                "text",
                "none",
                "facts.a",
                "sizes[0]",
                "?",
                "'a'",
                "None",
                "1.5",
                "True",
                "()",
                number_text(dice),
            ]
        )
    left, right = an_expression(dice, depth + 1), an_expression(dice, depth + 1)
    return dice.choice([
        f"{left} {dice.choice(['+', '-', '*', '//', '%', '**', '/', '@', '<<', '==', '!=', '<', '<=', '>', '>=', 'in', 'is', 'and', 'or'])} {right}",
        f"({left})", f"-{left}", f"not {left}", f"max({left}, {right})", f"window({left}, {right}, 2, 1, 1)", f"len({left})",
        f"prod({left})", "prod(...)", f"{left} if {right} else {left}", f"({left}, {right})", f"{left}[{right}]", f"{left}.a", f"f({left})",
    ])  # fmt: skip


def a_signature(dice: Dice) -> str:
    def shape() -> str:
        axes = [
            "B",
            "C",
            "H",
            "W",
            "3",
            "512",
            "...",
            "*sizes",
            "width",
            f"({an_expression(dice, 3)})",
            "((H-1)//2+1)",
            "0",
            "-1",
        ]
        return " ".join(dice.choice(axes) for _ in range(dice.randrange(5)))

    def output() -> str:
        return dice.choice(
            [shape(), f"({shape()}, {shape()})", f"[{shape()}]", f"{{a: {shape()}}}", f"Name{{a: {shape()}}}"]
        )

    def alternative() -> str:
        where = f" where {an_expression(dice, 2)}" if dice.random() < 0.3 else ""
        return f"{', '.join(shape() for _ in range(dice.choice([1, 1, 2])))} -> {output()}{where}"

    text = " | ".join(alternative() for _ in range(dice.choice([1, 1, 2])))
    return changed(dice, text, list("()[]{},|->.*")) if dice.random() < 0.2 else text


def an_override(dice: Dice) -> str:
    text = dice.choice(
        [
            "a=1",
            "+a.b=[1,2]",
            "~a",
            "a=choice(1,2)",
            "a=range(1,10)",
            "a=glob(*)",
            "a@b=c",
            "a={b: [1, 'c']}",
            "a=${b}",
            "a=interval(0,1)",
            "a='x,y'",
            "a=1,2,3",
        ]
    )
    return changed(dice, text, list("()[]{},='\"\\$@+~"))


PAGE = """---
code: TEAM001
name: our-rule
severity: error
subject: edge
when: producer.is_backbone
require: consumer.input.features == producer.output.features
message: "{consumer} expects {consumer.input.features}"
label: "{producer}"
related: "{producer}"
repair: consumer.input.features := producer.output.features
instead_of: [SL101]
---
What it does.
"""
TOML = """select = ["SL1"]
ignore = ["SL301"]
exclude = ["old/*"]
method = "byol"
input = {channels = 3, image_size = [224, 224]}
force-exclude = true
severity = {SL204 = "error"}
per-file-ignores = {"a/*" = ["SL101"]}
[signatures]
"my.Net(width=3)" = "B 3 H W -> B width"
"""
MODEL = "backbone: {out_dim: 256}\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n"


def a_page(dice: Dice) -> str:
    text = PAGE
    if dice.random() < 0.6:
        field = dice.choice(["when", "require", "severity"])
        text = re.sub(rf"^{field}: .*$", lambda _: f"{field}: {an_expression(dice)}", text, flags=re.MULTILINE)
    return changed(dice, text, [*YAML_TOKENS, "{consumer}", "consumer.input", "edge.fits", "|"])


def some_settings(dice: Dice) -> str:
    text = (
        TOML.replace("B 3 H W -> B width", a_signature(dice).replace('"', "").replace("\\", ""))
        if dice.random() < 0.3
        else TOML
    )
    return changed(
        dice, text, ["[", "]", "{", "}", "=", '"', "'", "1979-05-27", "inf", "true", "[[a]]", ".", "\\u001b"]
    )


def an_entry(dice: Dice) -> str:
    row = SignatureRow(
        shapes=a_signature(dice),
        when=an_expression(dice) if dice.random() < 0.3 else "",
        weights=an_expression(dice),
        parts={"a": f"my.Part: {a_signature(dice)}"},
        tensors={"a": "weight 3 4, bias n; mean 3"},
    )
    component = ComponentSignature(call=f"my.Net(n={number_text(dice)}, sizes=(1, 2))", rows=(row,))
    text = json.dumps({"key": "k", "component": component.as_json()})
    return changed(dice, text, ["[", "]", "{", "}", "null", "3", '"rows"', '"shapes"']) if dice.random() < 0.5 else text


def an_index(dice: Dice) -> bytes:
    """A pickle of valid operations in any order."""
    simple = [b"N", b"(", b"]", b"}", b")", b"\x8f", b"K\x05", b"J\xff\xff\xff\x7f", b"\x88", b"t", b"l", b"d", b"e", b"u", b"a", b"s", b"0", b"1", b"2",
              b"\x85", b"\x86", b"\x87", b"\x94", b"q\x00", b"h\x00", b"X\x02\x00\x00\x00ab", b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n",
              b"R", b"b", b"Q", b"\x81", b"\x92", b"\x93", b"\x8a\x08" + b"\xff" * 8, b"I12\n", b"F1.5\n", b"\x91", b"\x90", b"P1\n", b"\x95" + struct.pack("<Q", 5)]  # fmt: skip
    data = b"\x80\x02" + b"".join(dice.choice(simple) for _ in range(dice.choice([3, 10, 40, 200]))) + b"."
    if dice.random() < 0.3:
        place = dice.randrange(len(data))
        data = data[:place] + bytes([dice.randrange(256)]) + data[place + 1 :]
    return data


def a_header(dice: Dice) -> bytes:
    entries = {
        dice.choice(["a", "b.weight", "x" * 2000, "\n::error::"]): {
            "dtype": "F32",
            "shape": dice.choice([[3], [], [3, -1], [2**70], ["a"], [True], None, {}, [1] * 100]),
            "data_offsets": [0, 0],
        }
        for _ in range(3)
    }
    data = json.dumps(entries).encode()
    if dice.random() < 0.5:
        data = changed(dice, data.decode(), ["[", "]", "{", "}", "null", "3"]).encode("utf-8", "replace")
    return struct.pack("<Q", dice.choice([len(data), len(data), len(data) + 5, 3, 2**63])) + data


class Wrong(Exception):
    """What a reader must not do."""


def _linted(path: str, text: str) -> FileReport | None:
    try:
        source = decode(path, text.encode("utf-8", "surrogatepass"))
    except UnreadableError:
        return None
    report = lint_text(source, SETTINGS)
    if report.is_fault:
        raise Wrong(report.problem)
    from shapelint.spec.findings import Report

    for name in FORMATS:
        if found := RAW.search(render(Report((report,)), name)):
            raise Wrong(f"{found[0]!r} in the format {name}")
    return report


def _call(text: str) -> None:
    with contextlib.suppress(call_strings.CallError):
        call_strings.parse_call(text, lambda start, end: (Span(start, end), None))


def _expression(text: str) -> None:
    names = {"B": dims.symbol("B"), "H": 224, "W": dims.UNKNOWN_DIM, "n": 3, "sizes": (1, 2), "text": "a", "none": None}
    try:
        expression.evaluate(text, names)
        expression.conjuncts(text)
    except expression.ExpressionError:
        pass


def _signature(text: str) -> None:
    row = SignatureRow(shapes=text)
    component = ComponentSignature(call="my.Net(width=1, sizes=(1, 2), text='a')", rows=(row,))
    if not text or not soundness.is_sound(component):
        return
    filled = substitute(notation.parse_signature(text), {"width": 3, "sizes": (3, 4), "text": "a"})
    assert str(filled)
    for shape in ((dims.symbol("B"), 3, 224, 224), (8, 512), (), (dims.UNKNOWN_DIM,)):
        unify(filled, shape)


def _override(text: str) -> None:
    with contextlib.suppress(InvalidYamlError):
        parse_override(text)


def _in_folder(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def _page(folder: Path, text: str) -> None:
    path = _in_folder(folder / "rules", "p.md", text.encode("utf-8", "replace"))
    rulebook.known.cache_clear()
    try:
        known = rulebook.known((path.parent,))
    except RulePageError:
        return
    _in_folder(folder, "shapelint.toml", b'rules = ["rules"]\n')
    config_files.forget()
    report = lint_text(Source(str(folder / "model.yaml"), MODEL), Settings())
    if report.is_fault:
        raise Wrong(report.problem)
    assert known


def _settings(folder: Path, text: str) -> None:
    path = _in_folder(folder, "shapelint.toml", text.encode("utf-8", "replace"))
    config_files.forget()
    try:
        found = config_files.load(str(path))
    except ConfigError:
        return
    assert found is not None
    report = lint_text(Source(str(folder / "model.yaml"), MODEL.replace("{out_dim: 256}", "my.Net()")), Settings())
    if report.is_fault:
        raise Wrong(report.problem)


def _entry(folder: Path, text: str) -> None:
    inside = folder / "cache"
    inside.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = cache.CachePlace(inside / "k.json", "k")
    place.path.write_bytes(text.encode("utf-8", "replace"))
    component = cache.load(place)
    if component is not None:
        for row in component.rows:
            if row.shapes:
                _signature(row.shapes)


def _index(folder: Path, data: bytes) -> None:
    path = folder / "a.pt"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", data)
    _contents(path)
    _contents(_in_folder(folder, "b.pt", data * 4))


def _contents(path: Path) -> None:
    with contextlib.suppress(CheckpointError):
        contents(path)


READERS: dict[str, tuple[Callable[[Dice], object], Callable[[Path, object], object]]] = {
    "YAML": (a_yaml, lambda folder, text: _linted("model.yaml", text)),
    "Python": (a_script, lambda folder, text: _linted("model.py", text)),
    "notebooks": (a_notebook, lambda folder, text: _linted("model.ipynb", text)),
    "call strings": (a_call, lambda folder, text: _call(text)),
    "expressions": (an_expression, lambda folder, text: _expression(text)),
    "signatures": (a_signature, lambda folder, text: _signature(text)),
    "overrides": (an_override, lambda folder, text: _override(text)),
    "rule pages": (a_page, _page),
    "settings": (some_settings, _settings),
    "cache entries": (an_entry, _entry),
    "checkpoints": (an_index, _index),
    "safetensors": (a_header, lambda folder, data: _contents(_in_folder(folder, "a.safetensors", data))),
}
"""How an input of each kind is made, and what reads it."""


def run(kind: str, number: int, folder: Path) -> tuple[object, str]:
    """Make and read one input; return it, and what went wrong ("" if nothing did)."""
    make, read = READERS[kind]
    given = make(Dice(f"{kind} {number}"))
    try:
        read(folder, given)
    except Wrong as error:
        return given, str(error)
    except Exception as error:
        return given, f"{type(error).__name__}: {error}"
    return given, ""
