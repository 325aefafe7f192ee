"""Checkpoints that are small on the disk and large in memory: each bound holds on both of its sides."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest

from shapelint.checkpoints import CheckpointError, contents, state_dicts
from shapelint.common import bounds

NONE, TUPLE, LIST, STOP = b"N", b"\x85", b"]", b"."


def packed(folder: Path, index: bytes, **others: bytes) -> Path:
    path = folder / "a.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", index)
        for name, data in others.items():
            archive.writestr(name, data)
    return path


def text(length: int) -> bytes:
    return b"X" + struct.pack("<I", length) + b"a" * length


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as raised:
        contents(path)
    return str(raised.value)


def test_the_steps_of_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "PICKLE_STEPS", 1000)
    assert contents(packed(tmp_path, NONE * 1000 + STOP)) is None
    assert refused(packed(tmp_path, NONE * 1001 + STOP)) == "its index has too many entries"


def test_the_bytes_of_an_index_that_was_packed(tmp_path: Path) -> None:
    assert contents(packed(tmp_path, text(bounds.PICKLE_BYTES - 6) + STOP)) == "a" * (bounds.PICKLE_BYTES - 6)
    path = packed(tmp_path, text(bounds.PICKLE_BYTES - 5) + STOP)
    assert path.stat().st_size < 100_000
    assert refused(path) == "its index is larger than 64 MiB"


def test_the_bytes_of_an_index_before_1_6(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with path.open("wb") as file:  # a length that only a file of 4 GB has: one without disk blocks
        file.write(b"\x80\x02X" + struct.pack("<I", 0xFFFFFFF0))
        file.truncate(0xFFFFFFFF)
    assert refused(path) == "its index is larger than 64 MiB"


def test_the_names_of_an_index(tmp_path: Path) -> None:
    def named(length: int) -> Path:
        return packed(tmp_path, b"}" + text(length) + NONE + b"s" + STOP)

    assert contents(named(bounds.NAME_LENGTH)) == {"a" * bounds.NAME_LENGTH: None}
    assert refused(named(bounds.NAME_LENGTH + 1)) == "a name in it is longer than 1000 characters"


def test_the_list_of_files_of_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path, NONE + STOP, **{f"file{number}": b"" for number in range(100)})
    with zipfile.ZipFile(path) as archive:
        length = sum(46 + len(entry.filename) for entry in archive.infolist())
    monkeypatch.setattr(bounds, "ZIP_DIRECTORY_BYTES", length)
    assert contents(path) is None
    monkeypatch.setattr(bounds, "ZIP_DIRECTORY_BYTES", length - 1)
    path.touch()
    assert refused(path).startswith("its list of files is larger than")
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"c" * 60_000
    assert refused(path).startswith("its list of files is larger than")


@pytest.mark.parametrize(
    "index", [TUPLE * 200_000, LIST * 100_000 + b"a" * 99_999, b"2" * 200_000, b"(" * 200_000, b"\x94" * 200_000]
)
def test_deep_and_repeated_values_end(tmp_path: Path, index: bytes) -> None:
    with pytest.raises(CheckpointError):
        state_dicts(packed(tmp_path, NONE + index + STOP))


def safetensors(folder: Path, header: object, length: int = 0) -> Path:
    data = json.dumps(header).encode()
    path = folder / "a.safetensors"
    data += b" " * (length - len(data))
    path.write_bytes(struct.pack("<Q", len(data)) + data)
    return path


def entry(*shape: object) -> dict[str, object]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}


def test_the_header_of_safetensors(tmp_path: Path) -> None:
    limit = bounds.SAFETENSORS_HEADER_BYTES
    assert state_dicts(safetensors(tmp_path, {"a": entry(3)}, limit)) == ({"a": (3,)},)
    assert refused(safetensors(tmp_path, {"a": entry(3)}, limit + 1)) == "its header is larger than 16 MiB"


def test_names_and_shapes_in_safetensors(tmp_path: Path) -> None:
    for shape in ((bounds.SIZE - 1,), (1,) * bounds.AXES, (0, 3)):
        assert state_dicts(safetensors(tmp_path, {"a": entry(*shape)})) == ({"a": shape},)
    for wrong in ((bounds.SIZE,), (1,) * (bounds.AXES + 1), (-1,), (True,), (1.0,), ("3",)):
        assert refused(safetensors(tmp_path, {"a": entry(*wrong)})) == "its safetensors header has no shape for 'a'"
    longest = "a" * bounds.NAME_LENGTH
    assert state_dicts(safetensors(tmp_path, {longest: entry(3)})) == ({longest: (3,)},)
    assert "longer than 1000" in refused(safetensors(tmp_path, {f"{longest}a": entry(3)}))
