"""Paths, open files and their texts: a program reads the file that the same program reads in Python, or an unknown one.

Each program is run. Beside the folder of the program is a file of the same name with another number, as a trap.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import inside, write

from shapelint import lint

PREAMBLE = """
import io, json, os, yaml
from os import path as osp
from pathlib import Path, PurePath

HERE = Path(__file__).resolve().parent
"""
MODEL = """
import torch, torchvision
from torch import nn

class BarlowTwins(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(width, 320), nn.ReLU(), nn.Linear(320, 96))

    def forward(self, x):
        return self.projector(self.encoder(x))

BarlowTwins(cfg["width"])(torch.randn(8, 3, 64, 64))
"""
NAMED = {
    "another suffix": "Path('sizes/small.json').with_suffix('.yaml')",
    "a suffix for none": "Path('sizes', 'small').with_suffix('.yaml')",
    "a suffix after a dot in a folder": "Path('./sizes/small.v1.txt').with_suffix('').with_suffix('.yaml')",
    "joined": "Path('sizes').joinpath('small.yaml')",
    "joined from the folder of the program": "HERE.joinpath('sizes', 'small.yaml')",
    "divided from the left": "'sizes' / Path('small.yaml')",
    "parents": "Path('sizes/deep/none.yaml').parents[1] / 'small.yaml'",
    "the parent of a folder with a slash": "Path('sizes/deep/').parent / 'small.yaml'",
    "the parent of the program's folder": "HERE.parent / 'small.yaml'",
    "twice the parent": "Path(__file__).parents[1] / 'small.yaml'",
    "a stem": "f\"sizes/{Path('configs/small.json').stem}.yaml\"",
    "a name": "os.path.join('sizes', Path('elsewhere/small.yaml').name)",
    "a suffix of another": "'sizes/small' + Path('a.yaml').suffix",
    "posix": "Path('sizes', 'small.yaml').as_posix()",
    "text of a path": "str(Path('sizes')) + '/small.yaml'",
    "text of a path without its dot": "'sizes/' + str(Path('./small.yaml'))",
    "fspath": "os.fspath(Path('sizes/small.yaml'))",
    "pure": "PurePath('sizes', 'small.yaml')",
    "the current folder": "Path.cwd() / 'sizes' / 'small.yaml'",
    "the current folder as text": "osp.join(os.getcwd(), 'sizes', 'small.yaml')",
    "dirname and basename": "osp.join(osp.dirname('sizes/a.yaml'), osp.basename('deep/small.yaml'))",
    "dirname of the program": "osp.join(osp.dirname(osp.dirname(osp.abspath(__file__))), 'small.yaml')",
    "back and forth": "osp.join(osp.dirname(osp.normpath('sizes/deep/../a.yaml')), 'small.yaml')",
    "absolute": "Path('sizes/small.yaml').absolute()",
    "expanded": "Path('sizes/small.yaml').expanduser().resolve()",
    "chosen because it is there": "'sizes/small.yaml' if osp.isfile('sizes/small.yaml') else 'small.yaml'",
    "a path that is there": "Path('sizes/small.yaml') if Path('sizes/small.yaml').exists() else Path('small.yaml')",
}
UNSURE = {
    "the parent of the current folder": "Path.cwd().parent / 'small.yaml'",
    "the parent of the current folder, resolved": "Path('.').resolve().parent / 'small.yaml'",
    "the parent of a parent that was made absolute": "Path('small.yaml').absolute().parent.parent / 'small.yaml'",
    "the last parent": "{'.': 'small.yaml', '/': 'sizes/small.yaml'}[str(Path('a').resolve().parents[-1])]",
    "dirname of the current folder": "osp.join(osp.dirname(os.getcwd()), 'small.yaml')",
    "the name of the current folder": "'sizes/small.yaml' if Path.cwd().name else 'small.yaml'",
    "the basename of the current folder": "'small.yaml' if osp.basename(os.getcwd()) == '.' else 'sizes/small.yaml'",
    "the parents of a folder above": "{'.': 'none'}.get(str(Path('../a').resolve().parents[1]), 'sizes/small.yaml')",
    "another stem": "Path('sizes/large.yaml').with_stem('small')",
    "a suffix that is read": "Path('sizes/small').with_suffix(os.environ.get('NO_SUCH_KEY', '.yaml'))",
    "chosen because it is not there": "'sizes/none.yaml' if osp.exists('sizes/none.yaml') else 'sizes/small.yaml'",
    "a path that is not there": "next(one for one in [Path('none.yaml'), Path('sizes/small.yaml')] if one.is_file())",
    "a name that is read": "os.path.join('sizes', os.environ.get('NO_SUCH_KEY', 'small.yaml'))",
    "a folder that is read": "Path(os.environ.get('NO_SUCH_KEY', 'sizes')) / 'small.yaml'",
    "text of what is read": "str(Path(os.environ.get('NO_SUCH_KEY', 'sizes/small.yaml')))",
    "dirname of what is read": "osp.join(osp.dirname(os.environ.get('NO_SUCH_KEY', 'sizes/a')), 'small.yaml')",
    "found": "next(iter(Path('sizes').glob('small.y*ml')))",
}
READ = {
    "opened": "with Path('sizes/small.yaml').open() as file:\n    cfg = yaml.safe_load(file)",
    "opened for reading": "with open(file='sizes/small.yaml', mode='rb') as file:\n    cfg = yaml.safe_load(file)",
    "opened by io": "with io.open('sizes/small.yaml', 'r') as file:\n    cfg = yaml.safe_load(file.read())",
    "its text": "cfg = yaml.safe_load(Path('sizes/small.yaml').read_text(encoding='utf-8').strip())",
    "its bytes": "cfg = yaml.safe_load(Path('sizes/small.yaml').read_bytes().decode())",
    "its name": "with open('sizes/small.yaml') as file:\n    cfg = yaml.safe_load(Path(file.name).read_text())",
    "read again": (
        "file = open('sizes/small.yaml')\nif 'width' in yaml.safe_load(file):\n    file.seek(0)\n"
        "cfg = yaml.safe_load(file)\nfile.close()"
    ),
}  # fmt: skip
NOT_READ = {
    "a text that is changed": "cfg = yaml.safe_load(Path('sizes/small.yaml').read_text().replace('more', 'less'))",
    "a suffix that Python refuses": (
        "try:\n    path = Path('small').with_suffix('yaml')\nexcept ValueError:\n    path = Path('sizes/small.yaml')\n"
        "cfg = yaml.safe_load(path.read_text())"
    ),
    "a part of a text": "cfg = yaml.safe_load(Path('sizes/small.yaml').read_bytes()[:10])",
    "a line": "with open('sizes/small.yaml') as file:\n    cfg = yaml.safe_load(file.readline())",
}  # fmt: skip
WRONG, RIGHT, TRAP = 448, 512, 352
NEW = "'width: 512\\n'"
WRITTEN = {
    "opened": f"with open('sizes/small.yaml', 'w') as file:\n    file.write({NEW})",
    "opened by a path": f"with (Path('sizes') / 'small.yaml').open(mode='w') as file:\n    file.write({NEW})",
    "opened in both ways": f"with open(HERE / 'sizes/small.yaml', 'r+') as file:\n    file.write({NEW})",
    "dumped": "with open('sizes/small.yaml', mode='w') as file:\n    yaml.safe_dump({'width': 512}, file)",
    "its text": f"Path('sizes/small.yaml').write_text({NEW})",
    "its bytes": f"Path('./sizes/small.yaml').write_bytes({NEW}.encode())",
    "by OmegaConf": "from omegaconf import OmegaConf\nOmegaConf.save({'width': 512}, 'sizes/small.yaml')",
}
OPEN = "path = {}\nwith open(path) as file:\n    cfg = yaml.safe_load(file)"
KNOWN = {**{name: OPEN.format(path) for name, path in NAMED.items()}, **READ}
UNKNOWN = {**{name: OPEN.format(path) for name, path in UNSURE.items()}, **NOT_READ}


def real(folder: Path, load: str, width: int) -> int:
    """Write the program and its files, run what it loads, and return the width."""
    text = f"width: {width}\nmore: 1\n"
    write(folder, {"run/sizes/small.yaml": text, "small.yaml": text, "run/small.yaml": f"width: {TRAP}\n"})
    write(folder, {"run/sizes/deep/a.txt": "", ".git/HEAD": "", "run/train.py": PREAMBLE + load + MODEL})
    names = {"__file__": str(folder / "run" / "train.py")}
    with inside(folder / "run"):
        exec(PREAMBLE + load, names)
    found = names["cfg"]["width"]  # type: ignore[index]
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize("load", KNOWN.values(), ids=KNOWN)
def test_the_file_is_the_one_that_python_reads(tmp_path: Path, load: str) -> None:
    assert real(tmp_path, load, WRONG) == WRONG
    with inside(tmp_path / "run"):
        [finding] = lint(Path("train.py")).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", WRONG, RIGHT)
    assert (Path(finding.location.path).name, finding.location.line) == ("small.yaml", 1)
    assert real(tmp_path, load, RIGHT) == RIGHT
    with inside(tmp_path / "run"):
        [file] = lint(Path("train.py")).files
    assert not file.findings
    assert all(model.checked == model.links for model in file.models)


@pytest.mark.parametrize("load", UNKNOWN.values(), ids=UNKNOWN)
def test_a_file_that_is_not_sure_is_not_known(tmp_path: Path, load: str) -> None:
    assert real(tmp_path, load, RIGHT) == RIGHT
    with inside(tmp_path / "run"):
        [file] = lint(Path("train.py")).files
    assert not file.findings
    assert [link.role for model in file.models for link in model.unchecked] == ["projector"]


@pytest.mark.parametrize("change", WRITTEN.values(), ids=WRITTEN)
def test_a_file_that_the_program_writes_first_is_not_read_as_it_was_before(tmp_path: Path, change: str) -> None:
    load = change + "\n" + OPEN.format("'sizes/small.yaml'")
    assert real(tmp_path, load, WRONG) == RIGHT
    write(tmp_path, {"run/sizes/small.yaml": f"width: {WRONG}\n"})
    with inside(tmp_path / "run"):
        [file] = lint(Path("train.py")).files
    assert not file.findings
    [link] = [link for model in file.models for link in model.unchecked]
    assert link.reason.endswith("sizes/small.yaml, which is read here, is written by the program itself")
