"""Only real comments count: text that looks like one, in a string or a block scalar, does not."""

from __future__ import annotations

import pytest

from shapelint.suppress.comments import comments
from shapelint.text.source import Source


def found(text: str, name: str = "model.yaml") -> list[str]:
    source = Source(name, text)
    return [source.slice(span) for span in comments(source)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n", []),
        ("a: 1 # one\n# two\n", ["# one", "# two"]),
        ("# only", ["# only"]),
        ("a: 1#2\n", []),
        ("a: b #c\n", ["#c"]),
        ("a: b #c # d\n", ["#c # d"]),
        ('a: "x # y" # z\n', ["# z"]),
        ("a: 'x # y' # it''s\n", ["# it''s"]),
        ("a: 'it''s # y'\n", []),
        ('a: "x\n  # y\n  z" # w\n', ["# w"]),
        ("a: | # header\n  # content\n  text # content\n# after\nb: 1\n", ["# header", "# after"]),
        ("a: >-\n  # content\nb: 1 # two\n", ["# two"]),
        ("a: |\n  x\n\n  # content\n # less indented is a comment\nb: 1\n", ["# less indented is a comment"]),
        ("a: &x#y 1 # z\nb: *x#y # w\n", ["# z", "# w"]),
        ("a: [1, # one\n 2] # two\n", ["# one", "# two"]),
        ("? a # key\n: b # value\n", ["# key", "# value"]),
        ("%YAML 1.2 # directive\n---\na: 1\n", ["# directive"]),
        ("a:\t# after a tab\n  1\n", ["# after a tab"]),
        ("a: 1 # win\r\nb: 2 # dows\r\n", ["# win", "# dows"]),
        ("a: plain\n  goes on # here\n", ["# here"]),
        ("naïve: 漢字 # ü\n", ["# ü"]),
        ("a: 1 # before\n\tb: [\n# after the error\n", ["# before", "# after the error"]),
        ("", []),
    ],
)
def test_yaml(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1  # one\n", ["# one"]),
        ('x = "# no"  # yes\n', ["# yes"]),
        ('"""\n# no\n"""\n# yes', ["# yes"]),
        ("x = (1,  # one\n     2)  # two\n", ["# one", "# two"]),
        ("x = 1  # win\r\ny = 2  # dows\r\n", ["# win", "# dows"]),
        ("ü = '漢'  # 字\n", ["# 字"]),
        ("x = 1  # before\ny = (\n", ["# before"]),
        ("if x:\n    y\n  z  # bad dedent\n", []),
    ],
)
def test_python(text: str, expected: list[str]) -> None:
    assert found(text, "model.py") == expected
