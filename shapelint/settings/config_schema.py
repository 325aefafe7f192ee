"""The keys of `[tool.shapelint]`: validated once, and only if a file has settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from shapelint.common import disk
from shapelint.common.nearest_words import nearest_word
from shapelint.common.patterns import pattern
from shapelint.judge import rulebook
from shapelint.knowledge import methods, rule_pages
from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.knowledge.schema.widths import MAXIMUM_WIDTH
from shapelint.settings.config import Config, ConfigError
from shapelint.shapes.notation import parse_signature
from shapelint.signatures import soundness

SECTION = "[tool.shapelint]"
_INPUT_FORMS = "[channels, height, width], or {channels = 3, height = 224, width = 224}, or {image_size = 224}"
LONGEST_SHOWN = 200
Width = Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_WIDTH)]
"""The size of one axis: a positive integer, not a boolean, float or text."""
PACKAGE = pattern(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class InputSchema(BaseModel):
    """`input:` as a mapping; an omitted axis stays open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: Width = 3
    height: Width | None = None
    width: Width | None = None
    image_size: Width | tuple[Width, Width] | None = None


class SettingsTable(BaseModel):
    """Every key as it is in TOML; see the README for its meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_kebab)

    extend: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: dict[str, Literal["error", "warning", "info"]] = Field(default_factory=dict)
    per_file_ignores: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    force_exclude: StrictBool = False
    trust: tuple[str, ...] = ()
    method: str = ""
    input: tuple[Width, Width, Width] | InputSchema | None = None
    rules: tuple[str, ...] = ()
    signatures: dict[str, str] = Field(default_factory=dict)


KEYS = tuple(_kebab(name) for name in SettingsTable.model_fields)


def validated(path: str, text: str, table: Any) -> Config:
    """The settings of one table; raises ConfigError with the line and, for an unknown key, the nearest name."""
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: {SECTION} must be a table")
    try:
        settings = SettingsTable.model_validate(table)
    except ValidationError as error:
        raise _complaint(path, text, table, error) from None
    return _Checker(path, text).config(settings, table)


def _complaint(path: str, text: str, table: dict[str, Any], error: ValidationError) -> ConfigError:
    first = max(error.errors(), key=lambda one: len(one["loc"]))  # in a union, the branch that got furthest
    if first["type"] == "extra_forbidden":
        return _unknown_key(path, text, first["loc"])
    if first["loc"][:1] == ("input",):
        found = _clipped(repr(table["input"]))
        return ConfigError(f"{_place(path, text, 'input')}: input: expected {_INPUT_FORMS}, found {found}")
    keys = [part for part in first["loc"] if isinstance(part, str)]
    place = _place(path, text, keys[-1] if keys else "")
    words = first["msg"].replace("tuple", "list")
    found = _clipped(repr(first["input"]))
    return ConfigError(f"{place}: {_clipped('.'.join(keys))}: {words[:1].lower()}{words[1:]}, found {found}")


def _unknown_key(path: str, text: str, place: Sequence[str | int]) -> ConfigError:
    """The error of a key that there is not, at the top or in `input`."""
    key = str(place[-1])
    known = KEYS if len(place) == 1 else tuple(InputSchema.model_fields)
    near = nearest_word(_clipped(key).replace("_", "-"), known)
    hint = f"did you mean {near!r}?" if near else f"it takes {', '.join(known)}"
    where = SECTION if len(place) == 1 else place[0]
    return ConfigError(f"{_place(path, text, key)}: unknown key {_clipped(key)!r} in {where}: {hint}")


def _clipped(text: str) -> str:
    """A text that a stranger wrote, short enough for a line."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _place(path: str, text: str, key: str) -> str:
    """`path:line` of the first line that sets a key, or the path alone."""
    bare = re.escape(key)
    setting = re.compile(rf"""(^|[{{,.\[])\s*["']?{bare}["']?\s*[.=\]]""")
    numbers = (number for number, line in enumerate(text.splitlines(), 1) if key and setting.search(line))
    number = next(numbers, None)
    return f"{path}:{number}" if number else path


class _Checker:
    """What the types alone do not check: codes, methods, folders and signatures that must exist."""

    def __init__(self, path: str, text: str):
        self.path = path
        self.text = text
        self.folder = Path(path).parent

    def config(self, settings: SettingsTable, table: dict[str, Any]) -> Config:
        folders = tuple(self.rule_folder(name) for name in settings.rules)
        try:
            known = rulebook.known(folders)
        except rule_pages.RulePageError as error:
            raise self.error("rules", str(error)) from None
        if settings.method and methods.pack(settings.method) is None:
            raise self.error(
                "method", f"no method {_clipped(settings.method)!r}" + _near(settings.method, methods.names())
            )
        return Config(
            path=Path(self.path),
            given={key: Path(self.path) for key in table},
            extend=self.folder / settings.extend if settings.extend is not None else None,
            select=self.codes("select", settings.select, known),
            ignore=self.codes("ignore", settings.ignore, known),
            severity={
                self.codes("severity", [code], known, code)[0]: level for code, level in settings.severity.items()
            },
            per_file_ignores={
                pattern: self.codes("per-file-ignores", codes, known, pattern)
                for pattern, codes in settings.per_file_ignores.items()
            },
            exclude=tuple(settings.exclude),
            force_exclude=settings.force_exclude,
            trust=tuple(self.package(name) for name in settings.trust),
            method=settings.method.lower(),
            input=_axes(settings.input),
            rules=folders,
            signatures={target: self.signature(target, line) for target, line in settings.signatures.items()},
        )

    def error(self, key: str, message: str, entry: str = "") -> ConfigError:
        """The error of a key, at its line or at that of an entry in its table."""
        return ConfigError(f"{_place(self.path, self.text, entry or key)}: {key}: {message}")

    def codes(
        self, key: str, texts: Iterable[str], known: dict[str, rule_pages.Rule], entry: str = ""
    ) -> tuple[str, ...]:
        try:
            return rule_pages.codes(texts, known)
        except rule_pages.UnknownRuleError as error:
            raise self.error(key, str(error), entry) from None

    def rule_folder(self, name: str) -> Path:
        folder = self.folder / name
        if not disk.is_folder(folder):
            raise self.error("rules", f"no folder {name!r} beside {Path(self.path).name}")
        return folder

    def package(self, name: str) -> str:
        if not PACKAGE.fullmatch(name):
            raise self.error("trust", f"{name!r} is not the name of a package")
        return name

    def signature(self, target: str, line: str) -> str:
        try:
            wrong = list(soundness.faults(ComponentSignature.validated({"call": target, "shapes": line})))
            if not all(alternative.inputs for alternative in parse_signature(line).alternatives):
                wrong.append("it takes no tensor")
        except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError) as error:
            wrong = [error.msg if isinstance(error, SyntaxError) else str(error)]
        if wrong:
            raise self.error("signatures", f"{_clipped(target)}: {wrong[0]}", target)
        if not PACKAGE.fullmatch(target.partition("(")[0]):
            raise self.error(
                "signatures", f"{_clipped(target)!r} is not a dotted name such as my.Backbone, or a call of one", target
            )
        return line


def _axes(given: tuple[int, int, int] | InputSchema | None) -> tuple[int | None, int | None, int | None] | None:
    if not isinstance(given, InputSchema):
        return given
    size = given.image_size
    height, width = size if isinstance(size, tuple) else (size, size)
    return given.channels, given.height or height, given.width or width


def _near(word: str, known: Any) -> str:
    found = nearest_word(word, known)
    return f", did you mean {found!r}?" if found else f": there are {', '.join(known)}"
