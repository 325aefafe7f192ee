"""TOML is read as the standard library reads it, and each value and key has the place where it is written."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, YamlNode, pairs
from shapelint.documents.toml_nodes import toml_nodes
from shapelint.text.source import Source
from tests.documents.said_values import said

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXTS = [
    'a = [1, 2, [3, "x, ]"],]\n',
    'p = {x = 1, y.z = "q"}\nq = {}\nr = []\n',
    "[[t]]\na = 1\n[[t]]\na = 2\n[t.s]\nb = 3\n",
    "[[a.b]]\nx = 1\n[[a.b.c]]\ny = 2\n[[a.b]]\nx = 3\n",
    "[a.b]\nc = 1\n[a]\nd = 2\n",
    '"quoted.key".x = 1\n\'l\' = 2\n"\\u0041" = 3\n',
    'a = """x\ny"""\nb = \'\'\'q"\'\'\'\nc = """three"""""\n',
    "a = [ # one\n 1, # two ]\n\n 2\n]\n",
    "d = 1979-05-27T07:32:00Z\nt = 07:32:00\nf = 1e3\ni = 0xff\nn = nan\nm = [inf, -inf, +nan]\nb = true\n",
    "x = [ {a = 1}, {a = [2]} ]\r\ny = 1 # end",
    "",
]


def places(node: YamlNode, text: str) -> list[tuple[Any, str]]:
    """Return each plain value of a document with the text at its place."""
    if isinstance(node, Scalar):
        return [(node.value, text[node.span.start : node.span.end])]
    parts = [value for _, value in pairs(node)] if isinstance(node, Mapping) else node.items
    return [place for part in parts for place in places(part, text)]


@pytest.mark.parametrize("text", TEXTS)
def test_values_are_those_of_the_standard_library(text: str) -> None:
    assert repr(said(toml_nodes(Source("a.toml", text)))) == repr(tomllib.loads(text))


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_at_the_place_of_a_value_is_that_value(text: str) -> None:
    for value, written in places(toml_nodes(Source("a.toml", text)), text):
        assert repr(tomllib.loads(f"x = {written}")["x"]) == repr(value)


def test_a_list_spans_its_brackets_and_a_key_its_name() -> None:
    text = 'sizes = [ 64,\n  128 ] # widths\nnet."in" = { width = 3 }\n'
    root = toml_nodes(Source("a.toml", text))
    assert isinstance(root, Mapping)
    (sizes_key, sizes), (_, net) = pairs(root)
    assert text[sizes_key.span.start : sizes_key.span.end] == "sizes"
    assert text[sizes.span.start : sizes.span.end] == "[ 64,\n  128 ]"
    assert isinstance(net, Mapping)
    ((inner_key, _),) = pairs(net)
    assert text[inner_key.span.start : inner_key.span.end] == '"in"'


@pytest.mark.parametrize("text", ["a = ", "[a]\n[a]\n", "a = 1\na = 2\n", "t = 1 2"])
def test_what_is_no_toml_is_said(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    with pytest.raises(InvalidYamlError, match=r"not TOML: .*(line|at end)"):
        toml_nodes(Source("a.toml", text))


def test_what_is_nested_too_deeply_is_said() -> None:
    with pytest.raises(InvalidYamlError, match=r"nested too deeply|not understood"):
        toml_nodes(Source("a.toml", "a = " + "[" * 5000 + "]" * 5000))
