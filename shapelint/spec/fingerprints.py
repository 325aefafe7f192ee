"""The identity of findings for programs that keep them over time: paths in one spelling, and fingerprints."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePath

from shapelint.spec.findings import Finding, Report


def relative(path: str, root: str) -> str:
    """The path from the root with forward slashes and without `./`; a path outside the root stays whole."""
    pure = PurePath(path)
    if root and pure.is_absolute() and pure.is_relative_to(root):
        pure = pure.relative_to(root)
    return pure.as_posix()


def fingerprinted(
    report: Report, root: str, path_from: Callable[[str, str], str] = relative
) -> Iterator[tuple[Finding, str]]:
    """Every finding with a fingerprint: unchanged when lines move, different for each of several equal findings."""
    seen: Counter[str] = Counter()
    for finding in report.findings:
        path = path_from(finding.location.path, root)
        identity = "\0".join([path, finding.code, finding.model, finding.role, finding.message])
        seen[identity] += 1
        yield finding, fingerprint(f"{identity}\0{seen[identity]}")


def fingerprint(identity: str) -> str:
    """A hash of 64 hexadecimal digits."""
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
