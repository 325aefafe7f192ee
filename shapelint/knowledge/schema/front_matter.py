"""The front matter of a rule page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.strict import Strict

Subject = Literal[
    "edge", "component", "loss", "model", "batch", "bank", "target", "layer", "checkpoint", "batch_axis", "variable"
]


@frozen
class RulePage(Strict):
    """The front matter of a rule page.

    `when` and `require` are expressions over the facts of the subject (see `judge/facts.py`): the rule is violated if
    `when` holds and `require` certainly does not. `severity` may be an expression too. The texts hold facts in braces.
    `instead_of` are codes that this rule silences on the same subject.
    """

    PATTERNS: ClassVar[Mapping[str, str]] = {"code": r"^[A-Z]+\d{3}$", "name": r"^[a-z0-9]+(-[a-z0-9]+)*$"}

    code: str
    name: str
    severity: str
    subject: Subject = "model"
    emitted_by: Literal["engine"] | None = None
    when: str = "True"
    require: str = "True"
    message: str = ""
    label: str = ""
    related: str = ""
    note: str = ""
    help: str = ""
    repair: str = ""
    instead_of: tuple[str, ...] = ()
