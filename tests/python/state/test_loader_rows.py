"""The rows of a loader's batches are those that torch's loader gives."""

from __future__ import annotations

import pytest

from shapelint.python.state.loader_rows import LoaderRows

data = pytest.importorskip("torch.utils.data")


@pytest.mark.parametrize("drops", [False, True])
@pytest.mark.parametrize("size", [1, 2, 5, 7])
@pytest.mark.parametrize("samples", [1, 4, 5, 6, 10, 15])
def test_the_first_and_the_last_batch_have_as_many_rows_as_in_torch(samples: int, size: int, drops: bool) -> None:
    batches = [len(batch) for batch in data.DataLoader(range(samples), batch_size=size, drop_last=drops)]
    rows = LoaderRows(size, samples, drops)
    assert rows.of("first") == (batches[0] if batches else None)
    assert rows.of("last") == (batches[-1] if len(batches) > 1 and batches[-1] < size else None)
    assert rows.full_batches == batches.count(size)
    assert rows.of("shorter") is None


def test_a_last_batch_of_a_dataset_of_unknown_length_may_be_shorter() -> None:
    assert LoaderRows(16, None, False).of("first") == 16
    assert LoaderRows(16, None, False).of("last") is None
    assert [LoaderRows(16, None, False).of(batch) for batch in ("shorter", "half")] == [15, 8]
    assert LoaderRows(16, None, True).of("shorter") is None
    assert LoaderRows(16, None, None).of("shorter") is None
