"""Text that leaves: nothing in it moves a cursor, ends a line, turns the writing direction or commands a CI system.

What is written may come from a stranger: names of files, keys, classes, messages of the libraries. A terminal obeys
escape sequences; GitHub's runner obeys a line that begins with `::` and `##[` anywhere in one, Azure's `##vso[`.
"""

from __future__ import annotations

import re

from shapelint.common.patterns import pattern

_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
BRACKET_OF_COMMAND = pattern(r"(?<=##)\[|(?<=##vso)\[", re.IGNORECASE)
_LINE_COMMAND = pattern(r"\A\s*(?=::)")


def escape(text: str, encoding: str = "utf-8", keep: str = "") -> str:
    r"""Escape what is invisible or obeyed, or is not in the encoding; characters in `keep` are left.

    >>> print(escape("a\x1b[31mb\u202e\n"))
    a\x1b[31mb\u202e\n
    >>> print(escape("::error::x"), escape("a ##[error]x"))
    \x3a:error::x a ##\x5berror]x
    """
    if "##" in text:
        text = BRACKET_OF_COMMAND.sub(r"\\x5b", text)
    if "::" in text and (start := _LINE_COMMAND.match(text)):
        text = f"{start[0]}\\x3a{text[start.end() + 1 :]}"
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character in keep else shown(character, encoding) for character in text)


def commands(line: str) -> frozenset[int]:
    """The offsets of the characters that make a command of a part of a line."""
    return frozenset(match.start() for match in BRACKET_OF_COMMAND.finditer(line)) if "##" in line else frozenset()


def shown(character: str, encoding: str = "utf-8") -> str:
    """A character as it is written: itself, or its code."""
    if not character.isprintable():
        return coded(character)
    if character.isascii():
        return character
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return coded(character)
    return character


def coded(character: str) -> str:
    """The code of a character, as in a Python string."""
    code = ord(character)
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
