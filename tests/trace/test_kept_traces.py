"""A trace is made once: its result is kept in the cache folder, and so is the reason why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shapelint.common.cache_folder import VARIABLE
from shapelint.resolve import resolver, tracing_child
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.signatures import cache
from shapelint.spec.spec import Argument, ComponentSpec
from shapelint.text.source import Span

NOWHERE = Span(0, 1)


def resolved(target: str, *positional: int) -> Resolved:
    arguments = tuple(Argument(number, NOWHERE, None) for number in positional)
    return resolver.resolve(ComponentSpec("call", target, NOWHERE, NOWHERE, arguments), "", Options())


@pytest.mark.parametrize(
    ("target", "numbers", "works"),
    [("torch.nn.PReLU", (8,), True), ("torch.nn.LSTM", (8, 16), False)],
)
def test_the_result_of_a_trace_is_read_the_second_time(
    target: str, numbers: tuple[int, ...], works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setattr(resolver.stored, "find", lambda target: None)
    first = resolved(target, *numbers)
    assert (first.signature is not None) is works

    def traces_no_more(*_: Any) -> None:
        raise AssertionError("it is traced again")

    cache.TRACED.clear()
    monkeypatch.setattr(tracing_child, "ask", traces_no_more)
    second = resolved(target, *numbers)
    assert (str(second.signature), second.reason) == (str(first.signature), first.reason)
