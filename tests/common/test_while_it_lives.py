"""What is worked out of an object is kept with it, and no longer."""

from __future__ import annotations

import ast
import gc
import weakref

from shapelint.common.while_it_lives import while_it_lives


def test_it_is_worked_out_once_for_each_object_and_does_not_keep_it() -> None:
    asked: list[int] = []

    @while_it_lives
    def lines(tree: ast.AST) -> int:
        asked.append(id(tree))
        return len(getattr(tree, "body", []))

    one, other = ast.parse("x = 1"), ast.parse("x = 1\ny = 2")
    assert [lines(one), lines(other), lines(one)] == [1, 2, 1]
    assert asked == [id(one), id(other)]
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
