"""Reading an edited model alone gives the same as reading the whole edited text, for any edit."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shapelint.documents.nodes import InvalidYamlError
from shapelint.judge.repair import splice
from shapelint.judge.violations import Move
from shapelint.linting.analyse import read
from shapelint.linting.shifting import shifted
from shapelint.read.rereading import is_apart, reread
from shapelint.resolve.options import Options
from shapelint.text.source import Source, Span

FIXTURES = Path(__file__).parents[2] / "fixtures"

EDITS = [
    "7",
    "123456",
    "",
    "x",
    "${a.b}",
    "*x",
    "&y 5",
    "# c",
    "{",
    '"',
    "a: 3\n  b: 1",
    "|",
    "\n",
    "- 1",
    "\n---\n",
    "!t x",
]

ANCHORS = """
out: &out 256
base: &base {method: byol, backbone: resnet18}
head: &head {class_path: lightly.models.modules.BYOLPredictionHead, init_args: {input_dim: 128, output_dim: 256}}
a:
  <<: *base
  projection_head: BYOLProjectionHead(512, 1024, 256)
  prediction_head: *head
b: &b
  backbone: resnet50
  projection_head: &projection {input_dim: 512, hidden_dim: 1024, output_dim: *out}
  prediction_head: BYOLPredictionHead(128, 1024, 256)
c:
  backbone: resnet34
  projection_head: *projection
d:
  <<: *b
  batch_size: 64
"""

REFERENCES = """
width: 300
a:
  backbone: resnet18
  dim: 128
  projection_head: {_target_: BYOLProjectionHead, input_dim: "${width}", hidden_dim: 1024, output_dim: "${later.out}"}
  prediction_head: {_target_: BYOLPredictionHead, input_dim: "${a.dim}", hidden_dim: 1024, output_dim: 256}
b:
  backbone: resnet50
  projection_head: {_target_: BYOLProjectionHead, input_dim: 512, hidden_dim: "${width}", output_dim: "${a.dim}"}
  prediction_head:
    - Linear(128, 1000)
    - BatchNorm1d(1024)
    - Linear(999, "${later.out}")
later:
  out: 256
"""


def sources() -> Iterator[tuple[str, str]]:
    """Yield texts with several models, in every arrangement, made of the fixtures."""
    yield "anchors", ANCHORS
    yield "references", REFERENCES
    texts = [path.read_text(encoding="utf-8").rstrip() + "\n" for path in sorted(FIXTURES.glob("**/*.yaml"))]
    texts = [text for text in texts if "---" not in text and "\0" not in text]
    for start in range(0, len(texts) - 2, 3):
        some = texts[start : start + 3]
        yield f"mapping {start}", "".join(f"m{index}:\n{indented(text, 2)}" for index, text in enumerate(some))
        yield f"list {start}", "runs:\n" + "".join(f"-\n{indented(text, 2)}" for text in some)
        yield f"documents {start}", "---\n".join(some)
    yield "windows", texts[0].replace("\n", "\r\n")
    yield "flow", '{"a": {backbone: resnet18, projection_head: [Linear(512, 9), ReLU], prediction_head: Linear(7, 5)}}'


def indented(text: str, columns: int) -> str:
    return "".join(" " * columns + line if line.strip() else line for line in text.splitlines(keepends=True))


TEXTS = dict(sources())


def edits(text: str, place: Span, generator: random.Random) -> Iterator[list[Move]]:
    """Yield edits inside of a place: one or two words, numbers or line ends are replaced."""
    words = re.compile(r"\d+|[A-Za-z_]+|\)|$", re.MULTILINE)
    spots = [Span(*match.span()) for match in words.finditer(text, place.start, place.end) if match.end() < place.end]
    for _ in range(12):
        chosen = generator.sample(spots, min(len(spots), generator.choice([1, 1, 2])))
        yield [Move(spot, generator.choice(EDITS)) for spot in chosen]


@pytest.mark.parametrize("name", TEXTS)
def test_rereading_a_model_agrees_with_reading_everything(name: str) -> None:
    generator = random.Random(name)
    source = Source("model.yaml", TEXTS[name])
    reading = read(source, Options())
    reread_ones = 0
    for index, one in enumerate(reading.found):
        if not is_apart(reading, one):
            continue
        for moves in edits(source.text, one.mapping.span, generator):
            edited = replace(source, text=splice(source.text, moves))
            model = reread(reading, one, edited)
            if model is None:
                continue
            reread_ones += 1
            whole = read(edited, Options()).models
            assert whole[index] == model
            others = [shifted(other, moves) for other in reading.models]
            assert [*whole[:index], *whole[index + 1 :]] == [*others[:index], *others[index + 1 :]]
    assert reread_ones or not reading.found


def apart(text: str) -> list[bool]:
    reading = read(Source("model.yaml", text), Options())
    return [is_apart(reading, one) for one in reading.found]


def test_a_model_that_others_depend_on_is_not_apart() -> None:
    """`base` and `b` are merged into others, `projection` is used by another; `a` is referred to by `b`."""
    assert apart(ANCHORS) == [False, True, False, True, True]
    assert apart(REFERENCES) == [False, True]


def test_an_edit_that_extends_beyond_the_model_is_not_an_edit_of_it() -> None:
    source = Source("model.yaml", "a:\n  backbone: resnet18\n  projection_head: Linear(3, 4)\nb: 1\n")
    reading = read(source, Options())
    (one,) = reading.found
    for text in ("[", '"', "|", "\n---\nx: 1", "\nc: 1"):
        move = Move(Span(source.text.index("3"), source.text.index("3") + 1), text)
        edited = replace(source, text=splice(source.text, [move]))
        try:
            expected = read(edited, Options()).models
        except InvalidYamlError:
            expected = ()
        model = reread(reading, one, edited)
        assert model is None or (model,) == expected
