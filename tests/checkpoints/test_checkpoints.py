"""Checkpoints are read from their headers: correct names and shapes, no code run, no weights loaded, damage shown."""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from checkpoint_files import TINY, write_safetensors
from conftest import ROOT

from shapelint.checkpoints import CheckpointError, state_dicts

torch = pytest.importorskip("torch")


class Runs:
    """An object that writes a file if it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f"touch {self.path}",))


@pytest.fixture(scope="module")
def state():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Linear(8, 4))
    return model.state_dict()


def shapes(state):
    return {name: tuple(value.shape) for name, value in state.items()}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_a_state_dict(tmp_path, state, zipped):
    torch.save(state, tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)
    assert state_dicts(tmp_path / "a.pt") == (shapes(state),)


def test_a_training_checkpoint_has_several_state_dicts_outer_first(tmp_path, state):
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))])
    optimiser.param_groups[0]["params"][0].grad = torch.zeros(2)
    optimiser.step()
    teacher = {f"module.{name}": value for name, value in state.items()}
    content = {
        "epoch": 3,
        "student": state,
        "teacher": teacher,
        "optimizer": optimiser.state_dict(),
        "args": {"a": [1]},
    }
    torch.save(content, tmp_path / "a.pth")
    found = state_dicts(tmp_path / "a.pth")
    assert found[0] == shapes(state)
    assert found[1] == {f"module.{name}": shape for name, shape in shapes(state).items()}


def test_parameters_half_precision_and_views(tmp_path):
    base = torch.zeros(6, 4)
    torch.save(
        {"p": torch.nn.Parameter(base), "half": base.half(), "view": base.t(), "scalar": base[0, 0]}, tmp_path / "a.pt"
    )
    assert state_dicts(tmp_path / "a.pt") == ({"p": (6, 4), "half": (6, 4), "view": (4, 6), "scalar": ()},)


def test_safetensors(tmp_path):
    write_safetensors(tmp_path / "a.safetensors", TINY)
    assert state_dicts(tmp_path / "a.safetensors") == (TINY,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_no_code_in_a_checkpoint_is_called(tmp_path, state, zipped):
    trap = tmp_path / "trap"
    torch.save({**state, "evil": Runs(trap)}, tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)
    assert state_dicts(tmp_path / "a.pt") == (shapes(state),)
    assert not trap.exists()
    torch.load(tmp_path / "a.pt", weights_only=False)
    assert trap.exists()  # the trap works


def test_a_large_checkpoint_costs_no_more_memory_than_a_small_one(tmp_path):
    small = {f"layer{index}.weight": (4, 4) for index in range(100)}
    large = {
        f"layer{index}.weight": (5000, 5000) for index in range(100)
    }  # 10 GB, for which the file system allocates no blocks
    write_safetensors(tmp_path / "small.safetensors", small)
    write_safetensors(tmp_path / "large.safetensors", large, data=False)
    assert (tmp_path / "large.safetensors").stat().st_size > 10e9
    peaks = []
    for name in ("small", "large"):
        tracemalloc.start()
        state_dicts(tmp_path / f"{name}.safetensors")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_large_zip_is_not_read_beyond_its_index(tmp_path):
    torch.save({"small": torch.zeros(4, 4)}, tmp_path / "small.pt")
    torch.save({"large": torch.zeros(4000, 4000)}, tmp_path / "large.pt")
    peaks = []
    for name in ("small", "large"):
        tracemalloc.start()
        state_dicts(tmp_path / f"{name}.pt")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (tmp_path / "large.pt").stat().st_size > 60e6
    assert peaks[1] < 1.5 * peaks[0]


def test_damage_raises_only_a_clear_error(tmp_path, state):
    torch.save(state, tmp_path / "a.pt")
    whole = (tmp_path / "a.pt").read_bytes()
    dice = random.Random(1)
    for number in range(150):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 40)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        path = tmp_path / f"damaged{number}.pt"
        path.write_bytes(bytes(data[: dice.randrange(1, len(data))] if number % 3 == 0 else data))
        with contextlib.suppress(CheckpointError):
            state_dicts(path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pt", b"", "no torch checkpoint"),
        ("a.pt", b"hello", "no torch checkpoint"),
        ("a.pt", pickle.dumps([1, 2]), "its index"),
        ("a.safetensors", b"", "no safetensors header"),
        ("a.safetensors", struct.pack("<Q", 10**15), "no safetensors header"),
        ("a.safetensors", struct.pack("<Q", 4) + b"null", "no safetensors header"),
        ("a.safetensors", struct.pack("<Q", 4) + b"nope" + bytes(8), "no JSON"),
    ],
)
def test_a_file_that_is_not_a_checkpoint_gives_a_reason(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=reason):
        state_dicts(tmp_path / name)


def test_a_zip_without_an_index_and_a_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("readme", "hello")
    with pytest.raises(CheckpointError, match=r"data\.pkl"):
        state_dicts(tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="no regular file"):
        state_dicts(tmp_path)
    with pytest.raises(CheckpointError, match="no such file"):
        state_dicts(tmp_path / "missing.pt")


CONFIG = """checkpoint: {path}
backbone: [Conv2d(3, 16, 3), BatchNorm2d(16), ReLU(), AdaptiveAvgPool2d(1), Flatten()]
projection_head: BYOLProjectionHead(16, 8, 4)
prediction_head: BYOLPredictionHead(4, 8, 4)
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "shapelint", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_the_command_line_compares_every_model_with_a_checkpoint(tmp_path):
    config = tmp_path / "model.yaml"
    config.write_text(CONFIG.format(path="missing.pt"), encoding="utf-8")
    assert "SL901" in run(str(config)).stdout
    good = run("--checkpoint", "fixtures/checkpoints/tiny16.safetensors", str(config))
    assert (good.returncode, "All clear" in good.stdout) == (0, True)
    wrong = run("--checkpoint", "fixtures/checkpoints/tiny16-parallel.safetensors", str(config))
    assert (wrong.returncode, "SL209" in wrong.stdout) == (1, True)
    missing = run("--checkpoint", "missing.pt", str(config))
    assert (missing.returncode, "no such file" in missing.stderr) == (2, True)
