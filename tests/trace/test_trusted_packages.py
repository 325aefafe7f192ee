"""What is imported of a trusted package: what lies below its folder, and of that only networks are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shapelint.trace.meta import Untraceable
from shapelint.trace.trusted_packages import load_package, module_class

FILES = {
    "ownlab/__init__.py": "",
    "ownlab/heads.py": "from torch import nn\nclass Outer:\n    class Head(nn.Linear): ...\ndef make(): ...\n",
    "ownlab/broken.py": "raise SystemExit('no license')\n",
    "ownlab/wants.py": "import a_library_that_nobody_has\n",
    "src/inner_lab/__init__.py": "WIDTH = 3\n",
    "refuses/__init__.py": "raise ValueError('not today')\n",
    "json/__init__.py": "",
    "packaging/__init__.py": "",
    "namespace_lab/part.py": "from torch import nn\nclass Net(nn.Identity):\n    pass\n",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield str(tmp_path)
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) is None or str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.mark.parametrize("name", ["ownlab", "inner_lab", "namespace_lab"])
def test_a_package_below_the_folder_is_imported_once_and_last_on_the_path(name: str, root: str) -> None:
    first = list(sys.path)
    load_package(name, root)
    loaded = sys.modules[name]
    load_package(name, root)
    assert sys.modules[name] is loaded
    assert sys.path == [*first, f"{root}/", f"{root}/src"]


REFUSED = [
    ("elsewhere", "there is no such package"),
    ("json", "there is no such package"),
    ("packaging", "is the name of a library, too"),
    ("refuses", "refuses cannot be imported: ValueError: not today"),
]


@pytest.mark.parametrize(("name", "reason"), REFUSED)
def test_what_is_no_package_of_the_folder_is_not_imported(name: str, reason: str, root: str) -> None:
    import packaging

    with pytest.raises(Untraceable, match=reason):
        load_package(name, root)
    assert sys.modules["packaging"] is packaging
    assert "refuses" not in sys.modules


def test_a_link_out_of_the_folder_is_not_followed(root: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "linked_lab"
    outside.mkdir()
    (outside / "__init__.py").write_text("raise AssertionError('it was imported')\n")
    Path(root, "linked_lab").symlink_to(outside)
    with pytest.raises(Untraceable, match="there is no such package"):
        load_package("linked_lab", root)


@pytest.mark.parametrize("target", ["ownlab.heads.Outer.Head", "namespace_lab.part.Net"])
def test_a_network_is_found_by_its_dotted_name(target: str, root: str) -> None:
    load_package(target.partition(".")[0], root)
    assert module_class(target).__name__ == target.rpartition(".")[2]


NO_NETWORKS = [
    ("ownlab.heads.make", "has no nn.Module make"),
    ("ownlab.heads.Outer", "has no nn.Module Outer"),
    ("ownlab.heads.Missing.Head", "has no nn.Module Missing.Head"),
    ("ownlab.broken.Head", "ownlab.broken cannot be imported: SystemExit: no license"),
    ("ownlab.wants.Head", "ownlab.wants cannot be imported: ModuleNotFoundError"),
    ("ownlab", "is the name of a package"),
]


@pytest.mark.parametrize(("target", "reason"), NO_NETWORKS)
def test_nothing_but_a_network_is_called(target: str, reason: str, root: str) -> None:
    load_package("ownlab", root)
    with pytest.raises(Untraceable, match=reason):
        module_class(target)
