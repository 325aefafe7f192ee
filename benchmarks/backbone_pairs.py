"""Random backbones, ways to take features from them, and heads that fit or do not, against a real forward.

Each pair is a Python script. It is linted, in this environment or by another Python with `--light` that has no torch,
and its model is built and run on the meta device, as it is for training. An error that is reported of a script which
runs, or a script that stops although every link of it is said to fit, is a disagreement. Libraries that are not
installed are left out.

    .venv/bin/python benchmarks/backbone_pairs.py [--count 400] [--seed 0] [--light PYTHON] [--family NAME]... [-v]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone_ways import FAMILIES, Draft, drafts

SECONDS = 60.0
"""The processor time after which the real forward of a pair is given up."""
ON_CPU = ("recurrent and others", "torch_geometric")
"""Small networks, some of which the meta device cannot run."""


@dataclass(frozen=True)
class Pair:
    """A script, and the error with which its model stops, "" if it runs."""

    library: str
    script: str
    error: str


def measured(draft: Draft, draw: random.Random) -> Pair | None:
    """Run a draft, and choose a head for it; None if the library is not there, or takes too long.

    What cannot be run without numbers is run with them.
    """
    pair = _measured(draft, draw, on_cpu=draft.library in ON_CPU)
    return _measured(draft, draw, on_cpu=True) if pair is not None and "on meta tensor" in pair.error else pair


def _measured(draft: Draft, draw: random.Random, on_cpu: bool) -> Pair | None:
    import torch

    from shapelint.trace import limits, meta

    shown: list[tuple[int, ...]] = []
    try:
        with limits.limited(SECONDS), meta.quiet(), torch.no_grad():
            space: dict[str, Any] = {"__name__": "pair"}
            exec(compile(draft.script("1"), "pair.py", "exec"), space)
            images = eval(draft.images, space)
            if on_cpu:
                model = space["SimCLR"]()
            else:
                try:
                    model, images = meta.build(space["SimCLR"]), images.to("meta")
                except meta.Untraceable as refusal:
                    return Pair(draft.library, draft.script(str(draw.choice((64, 512)))), str(refusal))
            head = model.projection_head
            model.projection_head = recorder(shown)
            error = stopped(lambda: call(model, images))
            if error or not shown or not shown[0]:
                return Pair(
                    draft.library, draft.script(str(draw.choice((512, 768, 1000)))), error or "no head is called"
                )
            width = chosen(shown[0], draw)
            model.projection_head = head
            head[0] = torch.nn.Linear(width, 64, device=images.device)
            return Pair(draft.library, draft.script(str(width)), stopped(lambda: call(model, images)))
    except (limits.TooLongError, ImportError):
        return None


def recorder(shown: list[tuple[int, ...]]) -> Any:
    """Return a module that keeps the shape of what it is given."""
    import torch

    class Kept(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            shown.append(tuple(x.shape))
            return x

    return Kept()


def call(model: Any, images: Any) -> None:
    """Run a model where its images are."""
    import torch

    with torch.device(images.device):
        model(images)


def stopped(attempt: Any) -> str:
    """Return the error with which an attempt ends, "" if it does not."""
    try:
        attempt()
    except Exception as error:
        lines = str(error).splitlines() or [""]
        return f"{type(error).__name__}: {lines[0][:160]}"
    return ""


def chosen(shape: tuple[int, ...], draw: random.Random) -> int:
    """Return the width of a head: half of the time the right one, else one that somebody might have written."""
    right = shape[-1]
    if draw.random() < 0.5:
        return right
    wrong = [right * 2, max(right // 2, 1), 512, 768, 1000, 2048, *(shape[1:2])]
    return draw.choice([width for width in wrong if width != right and width > 0])


def linted(pairs: list[Pair], python: str) -> list[dict[str, Any]]:
    """Return what is said of each script."""
    with tempfile.TemporaryDirectory() as folder:
        for index, pair in enumerate(pairs):
            (Path(folder) / f"pair{index:04}.py").write_text(pair.script, encoding="utf-8")
        command = [python, "-m", "shapelint", "--output-format", "json", folder]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode not in (0, 1):
            raise SystemExit(run.stderr)
        report = json.loads(run.stdout)
    files = {Path(one["path"]).name: {**one, "errors": []} for one in report["files"]}
    for finding in report["findings"]:
        if finding["severity"] == "error":
            files[Path(finding["path"]).name]["errors"].append(f"{finding['code']}: {finding['message']}")
    unseen: dict[str, Any] = {"models": [], "errors": []}
    return [files.get(f"pair{index:04}.py", unseen) for index in range(len(pairs))]


def verdict(pair: Pair, said: dict[str, Any]) -> str:
    """Return how what is said of a script agrees with what it does."""
    links = [model["links"] for model in said["models"]]
    whole = bool(links) and all(one["total"] == one["checked"] > 0 for one in links)
    if said["errors"]:
        return "found" if pair.error else "FALSE"
    if not whole:
        return "unseen"
    return "MISSED" if pair.error else "fits"


def main() -> int:
    """Print what was said of each library's pairs; return 1 if anything disagrees."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--light", default=sys.executable)
    parser.add_argument("--family", action="append", choices=list(FAMILIES))
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    draw = random.Random(options.seed)
    pairs: list[Pair] = []
    for draft in drafts(options.seed, options.family or list(FAMILIES)):
        pair = measured(draft, draw)
        pairs += [pair] if pair else []
        if len(pairs) == options.count:
            break
    table: Counter[tuple[str, str]] = Counter()
    for pair, said in zip(pairs, linted(pairs, options.light), strict=True):
        result = verdict(pair, said)
        table[pair.library, result] += 1
        if result.isupper() or (options.v and result == "unseen"):
            reasons = [one["reason"] for model in said["models"] for one in model["unchecked"]]
            print(f"--- {result}: {pair.error or 'runs'}; {said['errors']} {reasons}\n{pair.script}")
    kinds = ("fits", "found", "unseen", "FALSE", "MISSED")
    print(f"{'':24}" + "".join(f"{kind:>8}" for kind in kinds))
    for library in sorted({library for library, _ in table}):
        print(f"{library:24}" + "".join(f"{table[library, kind]:8}" for kind in kinds))
    disagreements = sum(count for (_, kind), count in table.items() if kind.isupper())
    print(f"{disagreements} disagreements in {len(pairs)} pairs")
    return int(disagreements > 0)


if __name__ == "__main__":
    sys.exit(main())
