"""`shapelint explain`: what an error of torch means, and which number of which file caused it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from shapelint.cli.output import EXIT_FINDINGS, colours, encoding
from shapelint.cli.streams import EXIT_TROUBLE, write_out
from shapelint.common.frozen import replace
from shapelint.judge import rulebook
from shapelint.knowledge.torch_words import recognise
from shapelint.linting.collect import SUFFIXES
from shapelint.linting.lint_paths import lint_files
from shapelint.report import RenderOptions
from shapelint.report.crash_causes import causes
from shapelint.report.crash_text import Crash, render
from shapelint.settings.settings import Settings
from shapelint.text.source import MAXIMUM_SOURCE_BYTES, UnreadableError, read_source
from shapelint.text.stack_frames import found_here, frames
from shapelint.text.terminal_text import without_sequences


def run(words: Sequence[str], settings: Settings) -> int:
    """Explain an error; the first word is its text, a file that holds it, or `-`, unless it names a file to lint.

    Returns 0 if it is explained, 1 if nothing in the files has its numbers, 2 if the text holds no error that is known.
    """
    has_text = bool(words) and not _is_lintable(words[0])
    text, paths = _text(words[0] if has_text else "-"), words[1:] if has_text else words
    crash = explained(text, paths, settings)
    write_out(crash_text(crash, RenderOptions(colour=colours(), encoding=encoding())))
    if crash.report is not None and any(file.status == "unreadable" for file in crash.report.files):
        return EXIT_TROUBLE
    return EXIT_FINDINGS if crash.report is not None and not crash.causes else 0


def explained(text: str, paths: Sequence[str], settings: Settings) -> Crash:
    """Find what an error comes from, in files or in those of its traceback; raises click.UsageError for other text."""
    text = without_sequences(text)
    error = recognise(text)
    if error is None:
        raise click.UsageError("the text holds no shape error that shapelint knows; to lint a file: shapelint FILE")
    own = [replace(frame, path=_shown(path)) for frame in frames(text) if (path := found_here(frame, Path()))]
    paths = paths or list(dict.fromkeys(frame.path for frame in own))
    report = lint_files(paths, settings) if paths else None
    found = causes(error, report, own) if report else []
    return Crash(error, tuple(own or frames(text)), report, tuple(found))


def crash_text(crash: Crash, options: RenderOptions) -> str:
    """The explanation as text."""
    return render(crash, {code: rule.page.name for code, rule in rulebook.known().items()}, options)


def _is_lintable(word: str) -> bool:
    path = Path(word)
    return os.path.isdir(path) or (path.suffix.lower() in SUFFIXES and len(word.split()) == 1)


def _shown(path: Path) -> str:
    """The path relative to the current folder, if it lies below it."""
    inside = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)


def _text(word: str) -> str:
    """The text of the error: a word as it stands, of a file, or of stdin."""
    if word == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError("give the error, or pipe it in: python train.py 2>&1 | shapelint explain")
        return sys.stdin.buffer.read(MAXIMUM_SOURCE_BYTES).decode("utf-8", "replace")
    if "\n" in word or not os.path.isfile(word):
        return word
    try:
        return read_source(Path(word)).text
    except UnreadableError as error:
        raise click.UsageError(f"{word}: {error}") from None
