"""What a stretch of a file changes, so that it can be undone where another way is taken, and joined where both meet.

A frame is a branch, a turn of a loop, a loop, a body that may raise, or a call. It remembers every object that was
there before it as that object was, once something is about to change it. A way that leaves early (`break`, `return`,
`raise`) ends at the frame that takes it up: the state in which it left waits there for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from shapelint.python.state.values import Chained, CommandLine, Component, Instance, Items, Scope, Table, Views, birth

Exit = Literal["return", "break", "continue", "raise"]
EXITS: tuple[Exit, ...] = ("return", "break", "continue", "raise")
Holder = Any
Content = tuple[Any, ...]
State = dict[int, tuple[Holder, Content]]
"""The contents of the objects that a way changed, by identity."""

FIELDS: dict[type, tuple[str, ...]] = {
    Scope: ("names",),
    Items: ("items", "rest"),
    Table: ("items", "open", "perhaps"),
    Instance: ("attributes", "opaque", "perhaps", "base", "hyperparameters"),
    Chained: ("children", "rest"),
    Component: ("replaced", "hidden", "spec", "arguments", "resolved"),
    CommandLine: ("defaults",),
    Views: ("sizes", "keeps"),
}
"""What can change in an object of each kind."""


def content(holder: Holder) -> Content:
    """What is in an object now, as a copy."""
    values = (getattr(holder, name) for name in FIELDS[type(holder)])
    return tuple(value.copy() if isinstance(value, (dict, list)) else value for value in values)


def put(holder: Holder, saved: Content) -> None:
    """Give an object its contents; a dict stays the same one, for others may look at it."""
    for name, value in zip(FIELDS[type(holder)], saved):
        before = getattr(holder, name)
        if isinstance(value, dict) and isinstance(before, dict):
            value = value.copy()
            before.clear()
            before.update(value)
        else:
            setattr(holder, name, value.copy() if isinstance(value, list) else value)


@dataclass(eq=False)
class Frame:
    """A stretch of a file: the ways of leaving early that it `takes` up, and the states in which that happened.

    `paused` are those in which a function let its caller go on.
    """

    takes: frozenset[Exit] = frozenset()
    born: int = field(default_factory=birth)
    touched: State = field(default_factory=dict)
    left: list[tuple[Exit, State]] = field(default_factory=list)
    paused: list[State] = field(default_factory=list)

    @property
    def states(self) -> list[State]:
        """The states in which it was left."""
        return [state for _, state in self.left]


class Journal:
    """The frames that are open, the outermost first."""

    def __init__(self, joined: Callable[[Holder, list[Content]], Content]) -> None:
        self.frames: list[Frame] = []
        self.joined = joined

    @contextmanager
    def frame(self, *takes: Exit) -> Iterator[Frame]:
        """A stretch whose changes are known at its end; those that stay belong to the frame around it, too."""
        frame = Frame(frozenset(takes))
        self.frames.append(frame)
        try:
            yield frame
        finally:
            del self.frames[self.frames.index(frame) :]
            if self.frames:
                self._hand_over(frame)

    def _hand_over(self, frame: Frame) -> None:
        outer = self.frames[-1]
        for key, (holder, saved) in frame.touched.items():
            if holder.born < outer.born:
                outer.touched.setdefault(key, (holder, saved))

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        """A stretch that happens or not: what it changes may have changed."""
        with self.frame() as frame:
            yield
            state = self.state(frame)
            self.undo(frame)
        self.merge([state, {}])

    def touch(self, holder: Holder) -> None:
        """An object is about to change; what was born in this frame is known to no other way."""
        if self.frames:
            frame = self.frames[-1]
            if holder.born < frame.born and id(holder) not in frame.touched:
                frame.touched[id(holder)] = (holder, content(holder))

    def state(self, frame: Frame) -> State:
        """What changed since a frame was opened, as it is now."""
        inside = self.frames[self.frames.index(frame) :]
        touched = {
            key: holder for one in inside for key, (holder, _) in one.touched.items() if holder.born < frame.born
        }
        return {key: (holder, content(holder)) for key, holder in touched.items()}

    def undo(self, frame: Frame) -> None:
        """Everything as it was when the frame was opened."""
        for holder, saved in frame.touched.values():
            put(holder, saved)

    def leave(self, exit_: Exit) -> None:
        """This way ends here; its state waits at the frame that takes it up."""
        frame = next((one for one in reversed(self.frames) if exit_ in one.takes), None)
        if frame is not None:
            frame.left.append((exit_, self.state(frame)))

    def pause(self) -> None:
        """A function lets its caller go on here, who sees the state as it is now."""
        frame = next((one for one in reversed(self.frames) if "return" in one.takes), None)
        if frame is not None:
            frame.paused.append(self.state(frame))

    def resume(self, frame: Frame, gone: bool) -> bool:
        """Go on from all ways that lead to the end of a frame; True where none does.

        The way that was taken last is one of them, unless it is `gone`.
        """
        if not frame.left:
            return gone
        states = frame.states
        if not gone:
            states.append(self.state(frame))
        frame.left.clear()
        self.undo(frame)
        self.merge(states)
        return False

    def merge(self, states: list[State]) -> None:
        """Go on from several states at once, from where none of them has begun."""
        holders = {key: holder for state in states for key, (holder, _) in state.items()}
        for key, holder in holders.items():
            self.touch(holder)
            contents = [state[key][1] if key in state else content(holder) for state in states]
            put(holder, contents[0] if len(contents) == 1 else self.joined(holder, contents))
