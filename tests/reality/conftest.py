"""Tests against real torch, torchvision and lightly; skipped where they are not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

pytest.importorskip("torch")
pytest.importorskip("lightly")
