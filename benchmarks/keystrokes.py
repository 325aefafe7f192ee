"""Measure how long the language server takes for a keystroke: from the changed text to what is underlined.

python benchmarks/keystrokes.py [FILE] [--keys 40]

A real client types a digit at the end of a line of FILE and takes it back, over stdio; by default in a training script
of 200 lines. The moment for which the server waits for further keys is part of the first figure, but not of the second.
The third is processor time of the server, of which a busy machine changes little.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from shapelint.editor.server import PAUSE

LINES = 200
MODEL = """\
import argparse

import torch
import torchvision
from torch import nn
from torch.nn import functional


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--arch", default="resnet50")
    parser.add_argument("--width", default=2048, type=int)
    parser.add_argument("--epochs", default=100, type=int)
    return parser.parse_args()


class SimSiam(nn.Module):
    def __init__(self, arch, width, hidden=512):
        super().__init__()
        self.encoder = torchvision.models.__dict__[arch](zero_init_residual=True)
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(
            nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, width)
        )
        self.predictor = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

    def forward(self, one, two):
        z1 = self.projector(self.encoder(one))
        z2 = self.projector(self.encoder(two))
        p1, p2 = self.predictor(z1), self.predictor(z2)
        return p1, p2, z1.detach(), z2.detach()


def train(loader, model, optimizer, epoch):
    criterion = nn.CosineSimilarity(dim=1)
    model.train()
    for step, (images, _) in enumerate(loader):
        p1, p2, z1, z2 = model(images[0], images[1])
        loss = -(criterion(p1, z2).mean() + criterion(p2, z1).mean()) * 0.5
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


"""
HELPER = """\
def accuracy_{number}(output, target, top=(1, 5)):
    with torch.no_grad():
        _, found = output.topk(max(top), 1, True, True)
        right = found.t().eq(target.view(1, -1).expand_as(found.t()))
        return [right[:k].reshape(-1).float().sum(0) * 100.0 / target.size(0) for k in top]


def schedule_{number}(optimizer, epoch, args):
    rate = 0.05
    for milestone in (60, 80):
        rate *= 0.1 if epoch >= milestone else 1.0
    for group in optimizer.param_groups:
        group["lr"] = rate


"""
END = """\
if __name__ == "__main__":
    args = options()
    model = SimSiam(args.arch, args.width)
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    for epoch in range(args.epochs):
        train(loader, model, optimizer, epoch)
"""


def script() -> str:
    """A training script of the wanted length."""
    helpers = (LINES - (MODEL + END).count("\n")) // HELPER.count("\n") + 1
    return MODEL + "".join(HELPER.format(number=number) for number in range(helpers)) + END


async def keystrokes(path: Path, text: str, count: int) -> list[float]:
    """Type into a file, and return the seconds until each change was judged."""
    client, published = LanguageClient("benchmark", "1"), asyncio.Queue[str]()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params: types.PublishDiagnosticsParams) -> None:
        published.put_nowait(params.uri)

    await client.start_io(sys.executable, "-m", "shapelint", "server")
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities(), root_uri=path.parent.as_uri()))
    client.initialized(types.InitializedParams())
    document = types.TextDocumentItem(path.as_uri(), "python", 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    await published.get()
    found = []
    for number in range(count):
        typed = text.replace("512", "5121", 1) if number % 2 == 0 else text
        which = types.VersionedTextDocumentIdentifier(uri=path.as_uri(), version=number + 2)
        change = types.TextDocumentContentChangeWholeDocument(typed)
        start = time.perf_counter()
        client.text_document_did_change(types.DidChangeTextDocumentParams(which, [change]))
        await published.get()
        found.append(time.perf_counter() - start)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return found


def shown(seconds: Sequence[float]) -> str:
    """The median and the 95th percentile in milliseconds."""
    middle, late = statistics.median(seconds), sorted(seconds)[int(len(seconds) * 0.95)]
    return f"median {1000 * middle:.0f} ms, 95 % within {1000 * late:.0f} ms"


def processor_time() -> float:
    """The seconds that the processes which were started and have ended took."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--keys", type=int, default=40)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = options.file.resolve() if options.file else Path(folder) / "train.py"
        text = path.read_text(encoding="utf-8") if options.file else script()
        idle = processor_time()
        asyncio.run(keystrokes(path, text, 0))
        begun = processor_time() - idle
        found = asyncio.run(keystrokes(path, text, options.keys))
        typing = processor_time() - idle - 2 * begun
    print(f"{text.count(chr(10))} lines, {len(found)} keystrokes")
    print(f"until it is underlined:  {shown(found)}")
    print(f"without the pause:       {shown([one - PAUSE for one in found])}")
    print(f"processor time:          {1000 * typing / len(found):.0f} ms a keystroke")


if __name__ == "__main__":
    main()
