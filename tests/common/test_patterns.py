"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from shapelint.common.patterns import pattern


def test_it_does_what_the_compiled_one_does() -> None:
    late, compiled = pattern(r"(\w+)=(?P<value>\d+)", re.IGNORECASE), re.compile(r"(\w+)=(?P<value>\d+)", re.IGNORECASE)
    text = "dim=512, Hidden=4096"
    assert late.findall(text) == compiled.findall(text)
    assert late.sub("x", text) == compiled.sub("x", text)
    assert late.fullmatch("dim=5")["value"] == "5"  # type: ignore[index]
    assert (late.pattern, late.flags, late.groupindex) == (compiled.pattern, compiled.flags, compiled.groupindex)


def test_it_is_compiled_when_it_is_used() -> None:
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.match("")
