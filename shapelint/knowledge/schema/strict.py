"""The base of every model that is read from a file: unknown keys are errors."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from typing_extensions import Self


class Strict(BaseModel):
    """A model that rejects unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @classmethod
    def trusted(cls, data: dict[str, Any]) -> Self:
        """Build from data that ships with shapelint without validating it: the tests have validated it.

        Pydantic's schemas take longer to build than a model takes to lint; they are for what users write.
        """
        values = cls.normalised(data)
        fields = cls.model_fields
        given = {name: _trusted(fields[name].annotation, value) for name, value in values.items()}
        return cls.model_construct(**{**_defaults(cls), **given})

    @classmethod
    def normalised(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The data with its short forms expanded."""
        return data


@cache
def _defaults(model: type[Strict]) -> dict[str, Any]:
    """The default of each field that has one; pydantic works them out anew for every object."""
    fields = model.model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields if not field.is_required()}


def _trusted(annotation: Any, value: Any) -> Any:
    """Convert a value to its annotated type: nested models, lists to tuples and sets, as shipped data needs it."""
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
