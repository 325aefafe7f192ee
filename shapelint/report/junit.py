"""`--output-format junit`: a test suite per file, a test case per model, which fails with an error or a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree as xml

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.summary import plural, problem
from shapelint.report.text import block, source_lines
from shapelint.spec.findings import FileReport, Finding, Report


def render(report: Report, options: RenderOptions) -> str:
    """The report as ASCII XML, in the dialect that Jenkins, GitLab and pytest share."""
    root = xml.Element("testsuites", name="shapelint")
    texts = source_lines(report)
    for file in report.files:
        cases = list(_cases(file, texts, options))
        if cases:
            suite = xml.SubElement(root, "testsuite", {"name": escape(file.path), **_counts(cases)})
            suite.extend(cases)
    root.attrib.update(_counts(list(root.iter("testcase"))))
    xml.indent(root)
    # Declared as UTF-8 and written in ASCII alone, the text is right whatever encoding it is written in.
    body: str = xml.tostring(root, encoding="us-ascii").decode("ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _cases(file: FileReport, texts: Mapping[str, Sequence[str]], options: RenderOptions) -> Iterator[xml.Element]:
    """One case per model, and one named after the file for what concerns no model."""
    if problem(file):
        case = _case(file, file.path)
        xml.SubElement(case, "error", type=file.status, message=escape(problem(file)))
        yield case
    findings = sorted(file.findings, key=lambda f: (f.location, f.code))
    names = list(dict.fromkeys(model.name for model in file.models))
    for name in names:
        yield _judged(file, name, [finding for finding in findings if finding.model == name], texts, options)
    if rest := [finding for finding in findings if finding.model not in names]:
        yield _judged(file, file.path, rest, texts, options)


def _judged(
    file: FileReport, name: str, findings: Sequence[Finding], texts: Mapping[str, Sequence[str]], options: RenderOptions
) -> xml.Element:
    """A case with at most one failure, since some readers show only the first; infos go to its output."""
    case = _case(file, name)
    faults = [finding for finding in findings if finding.severity != "info"]
    infos = [finding for finding in findings if finding.severity == "info"]
    if faults:
        more = f" (and {plural(len(faults) - 1, 'other finding')})" if len(faults) > 1 else ""
        message = f"{faults[0].code} {escape(faults[0].message)}{more}"
        xml.SubElement(case, "failure", type=faults[0].code, message=message).text = _blocks(faults, texts, options)
    if infos:
        xml.SubElement(case, "system-out").text = _blocks(infos, texts, options)
    return case


def _case(file: FileReport, name: str) -> xml.Element:
    return xml.Element("testcase", name=escape(name), classname=escape(file.path), time="0")


def _blocks(findings: Sequence[Finding], texts: Mapping[str, Sequence[str]], options: RenderOptions) -> str:
    plain = RenderOptions(width=options.width)
    return "\n\n".join("\n".join(block(finding, texts, plain)) for finding in findings)


def _counts(cases: Sequence[xml.Element]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "time": "0",
    }
