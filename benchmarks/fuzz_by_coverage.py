"""The readers of `fuzz.py` on inputs that a fuzzer finds by the branches they reach: needs `atheris`.

    python benchmarks/fuzz_by_coverage.py signatures --minutes 30 --corpus corpus

It begins with the first hundred inputs of `fuzz.py`. What reaches something new is kept in the corpus, with which the
next run goes on. It stops at the first input that is wrong, and keeps that beside the corpus.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shapelint"]):
    import fuzzing

FIRST = 100
"""The made inputs that a corpus begins with."""
LONGEST = 4000
"""The bytes of an input."""
MEGABYTES = 500
SECONDS = 30
"""The time of an input, by the clock: that of a machine under load."""


def as_bytes(given: object) -> bytes:
    """Return a made input as it would be in a file."""
    return given if isinstance(given, bytes) else str(given).encode("utf-8", "surrogatepass")


def begin(kind: str, corpus: Path) -> None:
    """Write the made inputs of a kind, unless there is a corpus."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    for number in range(FIRST):
        (corpus / f"made-{number}").write_bytes(as_bytes(fuzzing.READERS[kind][0](fuzzing.Dice(f"{kind} {number}"))))


def main() -> None:
    """Fuzz one reader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=list(fuzzing.READERS))
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    options = parser.parse_args()
    make, read = fuzzing.READERS[options.kind]
    takes_bytes = isinstance(make(fuzzing.Dice("any")), bytes)
    corpus = options.corpus.resolve() / options.kind.replace(" ", "-")
    begin(options.kind, corpus)
    folder = Path(tempfile.mkdtemp())

    def one(data: bytes) -> None:
        read(folder, data if takes_bytes else data.decode("utf-8", "replace"))

    words = [
        sys.argv[0], str(corpus), f"-max_total_time={60 * options.minutes:.0f}", f"-max_len={LONGEST}",
        f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={corpus.parent}{os.sep}",
        "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup(words, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
