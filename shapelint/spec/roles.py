"""What a role is called, and its kind: in code, `student_backbone` is a backbone by another name."""

from __future__ import annotations

HEADS = frozenset({"projection_head", "prediction_head"})
"""The kinds of role that self-supervised learning puts behind a backbone."""


class Role(str):
    """A role's name in reports, with its kind; the kind "" is a part that is neither backbone nor head."""

    kind: str

    def __new__(cls, name: str, kind: str) -> Role:
        """A name with a kind."""
        role = super().__new__(cls, name)
        role.kind = kind
        return role

    def __reduce__(self) -> tuple[type[Role], tuple[str, str]]:
        """What a copy is made from, such as one for another process."""
        return Role, (str(self), self.kind)


def kind(role: str) -> str:
    """The kind of a role; a plain name is its own kind."""
    return role.kind if isinstance(role, Role) else role
