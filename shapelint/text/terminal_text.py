"""Text that was written for a terminal: a log, or a traceback that Python 3.13 or IPython coloured."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]{0,100}[ -/]{0,10}[@-~]|\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\))")
"""A control sequence, as of a colour, or an operating system command, as of a link; both end soon."""


def without_sequences(text: str) -> str:
    r"""The text as a person sees it, without colours and links.

    >>> without_sequences("\x1b[1;35mRuntimeError\x1b[0m: \x1b]8;;file://x\x07here\x1b]8;;\x07")
    'RuntimeError: here'
    """
    return _SEQUENCE.sub("", text) if "\x1b" in text else text
