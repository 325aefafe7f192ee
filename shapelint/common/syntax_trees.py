"""Texts of strangers as syntax trees, with one error for all that is wrong with one and no warnings of Python's own."""

from __future__ import annotations

import ast
import warnings

TOO_DEEP = "nested too deeply"


def module(text: str) -> ast.Module:
    """Parse a program; raises SyntaxError, whatever is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (RecursionError, MemoryError):
        raise SyntaxError(TOO_DEEP) from None
    except ValueError as error:  # a zero byte or half a character
        raise SyntaxError(str(error)) from None


def expression(text: str) -> ast.expr:
    """Parse an expression; raises SyntaxError, whatever is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except (RecursionError, MemoryError):
        raise SyntaxError(TOO_DEEP) from None
    except ValueError as error:
        raise SyntaxError(str(error)) from None
