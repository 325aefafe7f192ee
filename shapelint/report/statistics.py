"""`--statistics`: how often each rule was broken, instead of the findings."""

from __future__ import annotations

from collections import Counter

from shapelint.report import RenderOptions
from shapelint.report.summary import closing_lines
from shapelint.spec.findings import Report


def render(report: Report, options: RenderOptions) -> str:
    """A line per rule, the commonest first: its count, its code and name, and how many of them have a safe fix."""
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    safe = Counter(finding.code for finding in report.findings if finding.fix and finding.fix.safe)
    width = max((len(str(count)) for count in counts.values()), default=0)
    lines = [
        f"{count:{width}}  {code} {name}" + (f"  [*] {safe[code]} fixable" if safe[code] else "")
        for (code, name), count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]
    return "\n".join([*lines, *closing_lines(report, options)]) + "\n"
