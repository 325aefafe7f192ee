"""Measure the processor time of traces of timm's models, each as a linted file would start it.

python benchmarks/tracing.py [--count 60] [--seed 0] [NAME...]

Prints the distribution and the longest ten in Markdown; the reasons why models have no signature follow. The import of
torch and timm, 3 to 5 s for all traces of a run together, is not included. A trace has the limits of
`shapelint/trace/limits.py`.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time

from shapelint.common.frozen import frozen
from shapelint.trace import child
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

SHARES = (50, 75, 90, 95, 100)


@frozen
class Trace:
    """How long one model took, and its signature or the reason why it has none."""

    name: str
    seconds: float
    shapes: str
    reason: str


def traced(name: str) -> Trace:
    """Trace one model as a feature extractor."""
    begun, shapes, reason = time.process_time(), "", ""
    try:
        shapes = child.trace_library(TracingRequest(f"timm/{name}", {}, (), "backbone")).rows[0].shapes
    except Untraceable as error:
        reason = str(error)
    return Trace(name, time.process_time() - begun, shapes, reason)


def main() -> None:
    """Trace the models and print the tables."""
    import timm

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    everything = timm.list_models()
    chosen = options.names or random.Random(options.seed).sample(everything, min(options.count, len(everything)))
    traced("resnet18")  # loads what the first trace needs
    traces = sorted(map(traced, chosen), key=lambda trace: trace.seconds)
    times = [trace.seconds for trace in traces]
    cuts = {share: times[min(len(times) - 1, len(times) * share // 100)] for share in SHARES}
    print(f"{len(traces)} models, mean {statistics.mean(times):.1f} s of processor time", end="\n\n")
    print(f"| {' | '.join(f'{share} % within' for share in SHARES)} |\n|{'---|' * len(SHARES)}")
    print(f"| {' | '.join(f'{cuts[share]:.1f} s' for share in SHARES)} |\n\n| longest | s | signature |\n|---|---|---|")
    for trace in traces[:-11:-1]:
        print(f"| {trace.name} | {trace.seconds:.1f} | {trace.shapes.partition(' where ')[0] or trace.reason} |")
    for trace in traces:
        if trace.reason:
            print(f"\n{trace.name}: {trace.reason}")


if __name__ == "__main__":
    main()
