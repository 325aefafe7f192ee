"""The figures of a run, and the closing lines that report them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.common.escaping import escape
from shapelint.common.frozen import frozen
from shapelint.report import RenderOptions
from shapelint.spec.findings import FileReport, Report, UncheckedLink
from shapelint.text.location import Location


@frozen
class Summary:
    """The figures of a run; `unknown` counts the components whose shapes are unknown."""

    files: int
    models: int
    errors: int
    warnings: int
    infos: int
    unknown: int
    skipped: int
    checked: int
    links: int
    checked_links: int
    safe_fixes: int
    unsafe_fixes: int


def summarise(report: Report) -> Summary:
    """Count what a run found."""
    models = [model for file in report.files for model in file.models]
    fixes = [finding.fix for finding in report.findings if finding.fix]
    return Summary(
        files=len(report.files),
        models=len(models),
        errors=report.count("error"),
        warnings=report.count("warning"),
        infos=report.count("info"),
        unknown=sum(model.unknown for model in models),
        skipped=report.skipped,
        checked=sum(file.status == "checked" for file in report.files),
        links=sum(model.links for model in models),
        checked_links=sum(model.checked for model in models),
        safe_fixes=sum(fix.safe for fix in fixes),
        unsafe_fixes=sum(not fix.safe for fix in fixes),
    )


def problem(file: FileReport) -> str:
    """Why a file was not checked, or "" for one that was checked, or that a folder walk skipped."""
    if file.status == "checked":
        return ""
    return file.problem or ("the file cannot be read" if file.status == "unreadable" else "")


def plural(count: int, noun: str) -> str:
    """`1 model`, `2 models`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def closing_lines(report: Report, options: RenderOptions) -> Iterator[str]:
    """The closing lines for people: the verdict, what can be fixed, and what was not checked."""
    if options.quiet:
        return
    summary = summarise(report)
    yield _verdict(summary, options)
    if fixable := _fixable(summary):
        yield fixable
    yield from _unchecked_lines(report, summary, options)
    if failed := sum(bool(problem(file)) for file in report.files):
        yield f"{plural(failed, 'file')} could not be checked."
    if summary.skipped:
        yield f"{plural(summary.skipped, 'file')} without a model skipped."


def change_lines(options: RenderOptions) -> Iterator[str]:
    """A line for each fix that was applied: `Fixed model.yaml:4:37: SL101 512 -> 256`."""
    for change in () if options.quiet else options.fixed:
        place = f"{change.location.path}:{change.location.line}:{change.location.column}"
        texts = ", ".join(_replacement(before, after) for before, after in change.texts)
        yield escape(f"Fixed {place}: {change.code} {texts}", options.encoding)


def _replacement(before: str, after: str) -> str:
    """`512 -> 256`, `added output_dim=256`, `removed # shapelint: ignore[SL101]`, each on one line."""
    before, after = " ".join(before.split()), " ".join(after.strip(" \t\r\n,").split())
    return f"{before} -> {after}" if before and after else f"added {after}" if after else f"removed {before}"


def _verdict(summary: Summary, options: RenderOptions) -> str:
    counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.infos, "info")]
    found = [plural(count, noun) for count, noun in counts if count]
    fixed = f"Fixed {plural(len(options.fixed), 'finding')}. " if options.fixed else ""
    models = plural(summary.models, "model")
    files = plural(summary.checked, "file")
    if found:
        listed = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
        where = f" in {models}" if summary.models else ""
        return f"{fixed}Found {listed}{where} ({files} checked)."
    if not summary.models:
        return f"{fixed}No model found."
    if summary.checked_links < summary.links:
        return (
            f"{fixed}Nothing wrong in {summary.checked_links} of {plural(summary.links, 'link')}; {_missed(summary)}:"
        )
    return f"{fixed}All clear: {models} in {files} {'fits' if summary.models == 1 else 'fit'}."


def _missed(summary: Summary) -> str:
    """Return a text such as `2 could not be checked`."""
    return f"{summary.links - summary.checked_links} could not be checked"


def _unchecked_lines(report: Report, summary: Summary, options: RenderOptions) -> Iterator[str]:
    """Return each link that was not checked, with the cause and a remedy."""
    links = [link for file in report.files for model in file.models for link in model.unchecked]
    if links and (summary.errors or summary.warnings or summary.infos):
        yield f"{summary.checked_links} of {plural(summary.links, 'link')} checked; {_missed(summary)}:"
    for line in unchecked_lines(links):
        yield escape(line, options.encoding)


def unchecked_lines(links: Sequence[UncheckedLink]) -> Iterator[str]:
    """Each link that was not checked, once, with its cause; what would make it known stands at the first that it helps.

    A signature is a line that can be copied into the settings.
    """
    helped = set()
    alike: dict[tuple[Location, str], list[UncheckedLink]] = {}
    for link in links:
        alike.setdefault((link.location, link.reason), []).append(link)
    for (place, reason), (link, *more) in alike.items():
        roles = ", ".join(dict.fromkeys(one.role for one in (link, *more)))
        yield f"  {place.path}:{place.line}:{place.column}: {roles}: {reason}"
        if link.help and link.help not in helped:
            helped.add(link.help)
            yield f"    {remedy(link)}"


def remedy(link: UncheckedLink) -> str:
    """What would make a link known that has a help."""
    where = ", under [tool.shapelint.signatures]" if link.help.startswith('"') else ""
    return f"to make it known{where}: {link.help}"


def _fixable(summary: Summary) -> str:
    safe, unsafe = summary.safe_fixes, summary.unsafe_fixes
    if safe and unsafe:
        return f"[*] {safe} fixable with --fix, {unsafe} more with --fix --unsafe-fixes."
    if safe:
        return f"[*] {safe} fixable with --fix."
    return f"{unsafe} fixable with --fix --unsafe-fixes." if unsafe else ""
