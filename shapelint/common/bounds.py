"""Every bound on what is read and done: beyond one the reader says so in a line, and the run goes on.

Those of the process that traces are in `trace/limits.py`.
"""

from __future__ import annotations

SOURCE_BYTES = 4 << 20
"""The size of a linted file."""

SEARCHED_BYTES = 1 << 20
"""The size of a file in which uses of others are looked for; a larger one is not written by hand."""

IGNORE_FILE_BYTES = 1 << 20
"""The size of a .gitignore."""

IGNORE_PATTERNS = 2000
"""The patterns of a .gitignore that are obeyed."""

WILDCARDS = 3
"""The `*` in one name of a pattern of a .gitignore; one with more is not obeyed."""

ERROR_TEXT = 200_000
"""The characters of a log, its last ones, in which an error of torch is looked for."""

BASELINE_BYTES = 64 << 20
"""The size of a baseline."""

SETTINGS_BYTES = 1 << 20
"""The size of a settings file."""

EXTENDED_SETTINGS = 16
"""The settings files that extend one another."""

TOML_KEY_PARTS = 64
"""The parts of a dotted key in TOML."""

PAGE_BYTES = 1 << 20
"""The size of a rule page."""

EXPRESSION_LENGTH = 2000
"""The characters of a formula or condition."""

EXPRESSION_DEPTH = 100
"""The levels of a formula or condition."""

AXES = 64
"""The axes that a tensor of torch may have in most operations; an axis beyond them is not described."""

SIZE = 1 << 63
"""What the sizes of a tensor are below."""

NAME_LENGTH = 1000
"""The characters of the name of a tensor in a checkpoint."""

SAFETENSORS_HEADER_BYTES = 16 << 20
"""The header of a safetensors file: some 100,000 tensors."""

PICKLE_BYTES = 64 << 20
"""The index of a torch checkpoint, inflated."""

PICKLE_STEPS = 1_000_000
"""The operations of the index of a torch checkpoint: some 30,000 tensors."""

ZIP_DIRECTORY_BYTES = 16 << 20
"""The list of files in a torch checkpoint: some 200,000 tensors."""

CACHE_ENTRY_BYTES = 4 << 20
"""The size of a file in the cache."""

RESULT_BYTES = 64 << 20
"""The size of what is kept of a run in the cache: some 100,000 files."""

FORMULA_TERMS = 10_000
"""The terms of a product of sums; a longer one is unknown."""

YAML_DEPTH = 100
"""The levels of a YAML text."""

YAML_VALUES = 200_000
"""The values of a YAML text, aliases expanded."""

NOTEBOOK_DEPTH = 100
"""The levels of a notebook's JSON."""

CALL_LENGTH = 20_000
"""The characters of a call that is written as a text."""

PROGRAM_STEPS = 100_000
"""The statements and expressions of a program that are followed; what is behind them is unknown."""

REPAIRED_MODELS = 100
"""The models of a program with faults of which repairs are tried: it is interpreted some fifteen times for them."""

PROGRAM_CALL_DEPTH = 28
"""The calls inside each other that are followed."""

PROGRAM_NESTING = 150
"""The levels of an expression that is followed."""

PROGRAM_ELEMENTS = 512
"""The elements of a list and the iterations of a loop that are followed."""

TRACED_SIZES = 8
"""The image sizes at which the models of a program are traced that are known at some sizes only."""
