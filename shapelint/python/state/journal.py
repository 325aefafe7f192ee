"""Record changes to objects, so that they can be undone for another branch and joined where branches meet.

A frame is a branch, an iteration of a loop, a whole loop, a body that may raise, or a call. It saves every object that
existed before it, just before the first change to that object. A branch that exits early (`break`, `return`, `raise`)
ends at the frame that takes this exit: the state at the exit is kept there, to be joined with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from typing import Any, Literal

from shapelint.common.frozen import record
from shapelint.python.state.kept_results import KeptResults
from shapelint.python.state.values import (
    Chained,
    CommandLine,
    Component,
    Dataset,
    Instance,
    Items,
    Scope,
    Table,
    Views,
    birth,
)

Exit = Literal["return", "break", "continue", "raise"]
EXITS: tuple[Exit, ...] = ("return", "break", "continue", "raise")
Holder = Any
Content = tuple[Any, ...]
State = dict[int, tuple[Holder, Content]]
"""Contents of the objects that a branch changed, by identity."""

FIELDS: dict[type, tuple[str, ...]] = {
    Scope: ("names",),
    Items: ("items", "rest", "collected"),
    Table: ("items", "open", "maybe_missing"),
    Instance: ("attributes", "opaque", "maybe_missing", "base", "hyperparameters"),
    Chained: ("children", "rest"),
    Component: ("replaced", "forgotten", "spec", "arguments", "resolved"),
    CommandLine: ("defaults",),
    Views: ("sizes", "keeps"),
    Dataset: ("samples", "labelled"),
}
"""Fields that can change, by kind of object."""


def content(holder: Holder) -> Content:
    """Return a copy of the current contents of an object."""
    values = (getattr(holder, name) for name in FIELDS[type(holder)])
    return tuple(value.copy() if isinstance(value, (dict, list)) else value for value in values)


def put(holder: Holder, saved: Content) -> None:
    """Restore the contents of an object; dicts are updated in place, because other objects may share them."""
    for name, value in zip(FIELDS[type(holder)], saved):
        before = getattr(holder, name)
        if isinstance(value, dict) and isinstance(before, dict):
            value = value.copy()
            before.clear()
            before.update(value)
        else:
            setattr(holder, name, value.copy() if isinstance(value, list) else value)


@record
class Frame:
    """A section of a file: the early exits that it `takes`, and in `left` the states at these exits.

    `paused` holds the states in which a function passed control to its caller.
    """

    takes: frozenset[Exit] = frozenset()
    born: int = field(default_factory=birth)
    touched: State = field(default_factory=dict)
    left: list[tuple[Exit, State]] = field(default_factory=list)
    paused: list[State] = field(default_factory=list)

    @property
    def states(self) -> list[State]:
        """States at the early exits."""
        return [state for _, state in self.left]


class Journal:
    """Stack of open frames, the outermost first."""

    def __init__(self, joined: Callable[[Holder, list[Content]], Content]) -> None:
        self.frames: list[Frame] = []
        self.joined = joined
        self.kept = KeptResults()

    @contextmanager
    def frame(self, *takes: Exit) -> Iterator[Frame]:
        """Open a frame; when it closes, the enclosing frame takes over its changes to objects older than that."""
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
    def conditional(self, *takes: Exit) -> Iterator[None]:
        """Run a block that may not happen: join its changes with the state before it.

        It happens for certain if it `takes` an exit, as a loop does.
        """
        with self.frame(*takes) as frame:
            yield
            state = self.state(frame)
            self.undo(frame)
        self.merge([state, {}])

    def touch(self, holder: Holder) -> None:
        """Save an object that is about to change, unless this frame created it: then no other branch knows it."""
        if id(holder) in self.kept.dependent:
            self.kept.drop(holder)
        if self.frames:
            frame = self.frames[-1]
            if holder.born < frame.born and id(holder) not in frame.touched:
                frame.touched[id(holder)] = (holder, content(holder))

    def state(self, frame: Frame) -> State:
        """Return the current contents of the objects that changed since a frame was opened."""
        inside = self.frames[self.frames.index(frame) :]
        touched = {
            key: holder for one in inside for key, (holder, _) in one.touched.items() if holder.born < frame.born
        }
        return {key: (holder, content(holder)) for key, holder in touched.items()}

    def undo(self, frame: Frame) -> None:
        """Restore every object to its contents when the frame was opened."""
        for holder, saved in frame.touched.values():
            if id(holder) in self.kept.dependent:
                self.kept.drop(holder)
            put(holder, saved)

    def leave(self, exit_: Exit) -> None:
        """End this branch by an early exit, and keep its state at the frame that takes the exit."""
        frame = next((one for one in reversed(self.frames) if exit_ in one.takes), None)
        if frame is not None:
            frame.left.append((exit_, self.state(frame)))

    def pause(self) -> None:
        """Keep the current state as one in which a function passes control to its caller, inside a `try` or not."""
        frame = next((one for one in reversed(self.frames) if one.takes == {"return"}), None)
        if frame is not None:
            frame.paused.append(self.state(frame))

    def resume(self, frame: Frame, gone: bool) -> bool:
        """Continue from the joined states of all branches that reach the end of a frame; return True if none does.

        The branch that ran last is one of them, unless it is `gone`: it exited early.
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
        """Join several states and continue from the result; none of them may be in effect at the call."""
        holders = {key: holder for state in states for key, (holder, _) in state.items()}
        for key, holder in holders.items():
            self.touch(holder)
            contents = [state[key][1] if key in state else content(holder) for state in states]
            put(holder, contents[0] if len(contents) == 1 else self.joined(holder, contents))
