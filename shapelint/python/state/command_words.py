"""Words of a command line that may name the config with which a program is started.

Which option names it is known where the program reads a file whose path holds the option. So the program is interpreted
with a `stand_in` for each word until it does so, and then again with the words that make this path that of the config.
"""

from __future__ import annotations

import os
import re

from shapelint.common.patterns import pattern
from shapelint.documents.data_files import DATA_SUFFIXES
from shapelint.python.state import guards
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Answered, Run
from shapelint.python.state.values import UNKNOWN, Const, Value
from shapelint.spec.spec import Cause

END_OF_WORD = "\0"
"""What begins and ends a stand-in: no path has it."""
STAND_IN = pattern(f"{END_OF_WORD}([^{END_OF_WORD}]+){END_OF_WORD}")


def word(run: Run, name: str) -> Value:
    """Return the value of an option that the command line gives; unknown unless it names the config of this run."""
    run.takes_words = True
    if not run.config:
        return UNKNOWN
    if run.options.words is None:
        run.asks_for_words = True
        return Const(f"{END_OF_WORD}{name}{END_OF_WORD}")
    return Const(known[name]) if name in (known := dict(run.options.words)) else UNKNOWN


def given(run: Run, name: str, default: Value) -> Value:
    """Return the value of an option that is a text: the word that names the config of this run, or its default."""
    found = word(run, name) if _may_replace(run, default) else UNKNOWN
    return default if found == UNKNOWN else found


def _may_replace(run: Run, default: Value) -> bool:
    """Return whether a word may take the place of a default: there is none, or it is another file, or an empty text.

    A program that names the config itself reads it with its defaults.
    """
    if default == UNKNOWN:
        return True
    if not isinstance(default, Const) or not isinstance(default.value, str) or not run.config:
        return False
    is_path = not default.value or default.value.endswith(tuple(DATA_SUFFIXES))
    return is_path and os.path.basename(run.config) not in run.text


def note_reading(run: Run, path: str) -> None:
    """Note that a file is read; raises Answered if it may be the config with which the program is started."""
    found = words_of(path, run.config) if END_OF_WORD in path else None
    if found is not None:
        run.words, run.named_as = found, STAND_IN.sub(lambda match: dict(found)[match[1]], path)
        raise Answered


def note_stop(run: Run, reason: str, site: Site) -> None:
    """Note that a program which takes any config certainly stops with this one: a key or an argument is missing."""
    if run.options.words and run.stop is None and guards.is_certain(run):
        run.stop = Cause(reason, run.place(site.node, site.scope.file))


def words_of(path: str, config: str) -> tuple[tuple[str, str], ...] | None:
    """Return the words with which a path with stand-ins is that of a config; None if there are none, or several ways.

    Of the folders before the first stand-in the last one must be there; the others depend on the current folder.

    >>> words_of("project/configs/\\0name\\0.yaml", "/home/me/clone/configs/tiny.yaml")
    (('name', 'tiny'),)
    >>> words_of("project/settings/\\0name\\0.yaml", "/home/me/clone/configs/tiny.yaml")
    """
    *texts, last = STAND_IN.split(os.path.normpath(path))
    before, names = texts[::2], texts[1::2]
    if not names:
        return None
    if before[0] in ("", os.sep):
        start = ""
    else:
        folder, _, begin = before[0].rpartition("/")
        kept = os.path.basename(folder).replace("..", "")
        start = ".*/" + (f"{re.escape(kept)}/" if kept else "") + re.escape(begin)
    ways = {_split(start, [*before[1:], last], config, one) for one in ("(.+)", "(.+?)")}
    found = ways.pop() if len(ways) == 1 else None
    words = tuple(zip(names, found)) if found is not None else ()
    return words if words and len(dict(words)) == len(set(words)) else None


def _split(start: str, between: list[str], config: str, part: str) -> tuple[str, ...] | None:
    pattern = start + part + part.join(map(re.escape, between))
    found = re.fullmatch(pattern, config)
    return found.groups() if found is not None else None
