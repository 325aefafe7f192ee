"""Every bound on what is read and done: beyond one the reader says so in a line, and the run goes on."""

from __future__ import annotations

SETTINGS_BYTES = 1 << 20
"""The size of a settings file."""
