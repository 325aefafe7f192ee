"""The pytest plugin: the fixture `assert_fits`, and the marker `shapelint` with the shape of the input.

    @pytest.mark.shapelint((2, 3, 224, 224))
    def test_model(assert_fits):
        assert_fits(MyModel())

Every run of pytest loads it where shapelint is installed: it imports torch only for a test that uses the fixture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

MARKER = "shapelint(input_shape): the shape of the input, with its batch, for the fixture assert_fits"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def assert_fits(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that fails the test if the shapes of a model do not fit: `assert_fits(model)`.

    The shape of the input is that of the marker `shapelint`, or a second argument.
    """
    marker = request.node.get_closest_marker("shapelint")
    given = marker.args if marker else ()

    def fits(model: Any, *input_shape: Any) -> None:
        __tracebackhide__ = True
        shapes = input_shape or given
        if len(shapes) != 1:
            raise TypeError("assert_fits needs the shape of the input: assert_fits(model, (2, 3, 224, 224))")
        from shapelint.live import asserting

        asserting.assert_fits(model, shapes[0])

    return fits
