"""The base of everything that is read from a file of data: a frozen class whose fields are the keys of the file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from shapelint.common.frozen import replace

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import Self


class SchemaError(ValueError):
    """Data that does not validate: the `field` of the first fault, as the keys that lead there, and what is wrong."""

    def __init__(self, field: tuple[str | int, ...], message: str):
        super().__init__(f"{'.'.join(map(str, field))}: {message}")
        self.field = field
        self.message = message


class Strict:
    """A record of a file, without any other keys; its subclasses are `@frozen`.

    `PATTERNS` are regular expressions that texts must match, by field.
    """

    PATTERNS: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def trusted(cls, data: dict[str, Any]) -> Self:
        """Build from data that ships with shapelint without validating it: the tests have validated it.

        Importing pydantic and building its schemas takes longer than linting a model; that is for what users write.
        """
        values = cls.normalised(data)
        return cls(**{name: _in_field(cls, name, value) for name, value in values.items()})

    @classmethod
    def validated(cls, data: Any) -> Self:
        """Build from data that anybody may have written; raises SchemaError."""
        from pydantic import ValidationError

        try:
            return cls.trusted(_model(cls).model_validate(data).model_dump())  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors()[0]
            raise SchemaError(first["loc"], first["msg"]) from None

    @classmethod
    def normalised(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The data with its short forms expanded."""
        return data

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """The names of the fields."""
        names: tuple[str, ...] = cls.__names__  # type: ignore[attr-defined]
        return names

    def changed(self, **values: Any) -> Self:
        """The same with other values of some fields."""
        return replace(self, **values)

    def as_json(self) -> dict[str, Any]:
        """The values as JSON holds them."""
        return {name: _as_json(getattr(self, name)) for name in self.field_names()}


def _in_field(record: type[Strict], name: str, value: Any) -> Any:
    """Convert the value of a field; texts and numbers are as they were read."""
    return _trusted(_hint(record, name), value) if isinstance(value, (dict, list, tuple)) else value  # type: ignore[arg-type]


@cache
def _hint(record: Any, name: str) -> Any:
    """The type of one field: all of a class cost a hundred times as much, of which few are asked for."""
    owner = next(base for base in record.__mro__ if name in vars(base).get("__annotations__", {}))
    written = vars(owner)["__annotations__"][name]
    return eval(written, vars(sys.modules[owner.__module__])) if isinstance(written, str) else written


@cache
def _hints(record: Any) -> dict[str, Any]:
    """The types of the fields of a class, in order."""
    hints = get_type_hints(record)
    return {field.name: hints[field.name] for field in fields(record)}


def _trusted(annotation: Any, value: Any) -> Any:
    """Convert a value to its annotated type: nested records, lists to tuples and sets, as shipped data needs it."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return annotation.trusted(value)
    kind, arguments = get_origin(annotation), get_args(annotation)
    if kind in (tuple, frozenset) and isinstance(value, (list, tuple)):
        return kind(_trusted(arguments[0], element) for element in value)
    if kind is dict and isinstance(value, dict):
        return {key: _trusted(arguments[1], element) for key, element in value.items()}
    if kind in (Union, UnionType) and value is not None:
        fitting = (argument for argument in arguments if isinstance(value, _data_type(argument)))
        return _trusted(next(fitting, None), value)
    return value


def _data_type(annotation: Any) -> type | tuple[type, ...]:
    """The type that YAML gives for an annotated type."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return dict
    kind = get_origin(annotation) or annotation
    return (list, tuple) if kind in (tuple, frozenset) else kind if isinstance(kind, type) else object


def _as_json(value: Any) -> Any:
    if isinstance(value, Strict):
        return value.as_json()
    if isinstance(value, dict):
        return {key: _as_json(element) for key, element in value.items()}
    if isinstance(value, frozenset):
        return sorted(_as_json(element) for element in value)
    return [_as_json(element) for element in value] if isinstance(value, (list, tuple)) else value


@cache
def _model(record: Any) -> type[BaseModel]:
    """The pydantic model that validates the data of a record."""
    from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

    class Base(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)

        @model_validator(mode="before")
        @classmethod
        def _normalised(cls, data: Any) -> Any:
            return record.normalised(data) if isinstance(data, dict) else data

    found: dict[str, Any] = {}
    for field in fields(record):
        default: Any = ... if field.default is MISSING else field.default
        value: Any = Field(default, pattern=record.PATTERNS.get(field.name))
        if field.default_factory is not MISSING:
            value = Field(default_factory=field.default_factory)
        found[field.name] = (_validating(_hints(record)[field.name]), value)
    made: type[BaseModel] = create_model(record.__name__, __base__=Base, **found)
    return made


def _validating(annotation: Any) -> Any:
    """A type with the model that validates it in the place of each record."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return _model(annotation)  # type: ignore[arg-type]
    kind, arguments = get_origin(annotation), get_args(annotation)
    if kind in (Union, UnionType):
        return Union[tuple(map(_validating, arguments))]
    if kind in (tuple, frozenset, dict):
        return kind[tuple(map(_validating, arguments))]
    return annotation
