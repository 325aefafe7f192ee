"""The error that a script raises."""

from __future__ import annotations

import contextlib
import io
import warnings

import torch


def raised(text: str) -> str:
    """Return the type and the first line of the error that ends a script; "" if it runs. Its output is discarded."""
    torch.manual_seed(0)
    heard = io.StringIO()
    try:
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return ""
