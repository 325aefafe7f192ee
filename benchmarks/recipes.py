"""Random recipes: every method, correct or with one change, and each number drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from changes import BY_METHOD, CHANGES
from makers import METHODS, Maker
from training import Recipe


def recipes(count: int, seed: int) -> Iterator[tuple[str, Recipe]]:
    """Yield `count` recipes, a third of them correct, each with the name of what was changed."""
    random = Random(seed)
    for number in range(count):
        method = METHODS[number % len(METHODS)]
        maker = Maker(random, method)
        recipe = maker.right()
        name = "nothing" if random.random() < 0.34 else random.choice(BY_METHOD[method])
        yield name, recipe if name == "nothing" else CHANGES[name][0](maker, recipe)
