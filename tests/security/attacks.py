# ruff: noqa: E501
"""Attacks on a linter that reads a stranger's files: harmless here, each as files and a command line.

Whatever runs in vain would leave a file called `pwned` beside the linted ones.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Content = "str | bytes | Callable[[Path], object]"

MODEL = """\
method: byol
backbone: {target: yolov8n.Backbone, out_dim: 256}
projection_head: BYOLProjectionHead(256, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""
TOUCH = "open('pwned', 'w').close()"
SYSTEM = "__import__('os').system('touch pwned')"


@dataclass(frozen=True)
class Attack:
    """What is tried, the files that try it, the command line, and words of the report that answers it."""

    tries: str
    files: Mapping[str, Content]
    arguments: tuple[str, ...] = (".",)
    says: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def model(head: str) -> str:
    return f"backbone: {{out_dim: 256}}\nprojection_head: {head}\n"


def script(forward: str = "h = self.backbone(x).flatten(1)", before: str = "") -> str:
    return f"""\
import torch
import torchvision
from torch import nn
from lightly.models.modules import BYOLProjectionHead
{before}

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
        self.projection_head = BYOLProjectionHead(512, 1024, 256)

    def forward(self, x):
        {forward}
        return self.projection_head(h)

BYOL()(torch.rand(8, 3, 224, 224))
"""


def notebook(*lines: str) -> str:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": list(lines)}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class Runs:
    def __reduce__(self) -> object:
        return os.system, ("touch pwned",)


def checkpoint(index: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", index)
    return stream.getvalue()


def safetensors(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


def weights(name: str, content: bytes) -> dict[str, Content]:
    return {"model.yaml": f"{MODEL}checkpoint: {name}\n", name: content}


def page(require: str, **more: str) -> dict[str, Content]:
    fields = {"code": "TEAM001", "name": "our-rule", "severity": "error", "subject": "edge", "message": "wrong", **more}
    matter = "".join(f"{key}: {value}\n" for key, value in {**fields, "require": require}.items())
    return {"model.yaml": MODEL, "shapelint.toml": 'rules = ["rules"]\n', "rules/p.md": f"---\n{matter}---\nProse.\n"}


def settings(text: str) -> dict[str, Content]:
    return {"model.yaml": MODEL, "shapelint.toml": text}


def bomb(levels: int, width: int = 9) -> str:
    lines = ["a0: &a0 [Linear(3, 3), Linear(3, 3)]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines) + f"\nprojection_head: *a{levels - 1}\n"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def above(path: Path) -> None:
    path.symlink_to("..")


def shared(text: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        path.write_text(text)
        path.chmod(0o666)

    return write


EVIL = f"import os\n{TOUCH}\n"
TRUSTING = 'trust = ["os", "evil", "typing", "subprocess"]\n'

CODE: dict[str, Attack] = {
    "os.system as a target": Attack("run a command", {"a.yaml": model("{_target_: os.system, _args_: [touch pwned]}")}),
    "a builtin as a target": Attack("evaluate a text", {"a.yaml": model(f'{{_target_: builtins.eval, _args_: ["{SYSTEM}"]}}')}),
    "a class path of subprocess": Attack("start a process", {"a.yaml": model("{class_path: subprocess.Popen, init_args: {args: [touch, pwned]}}")}),
    "a YAML tag that calls": Attack("run a command", {"a.yaml": model("!!python/object/apply:os.system [touch pwned]")}, says="SL903"),
    "a YAML tag that builds": Attack("build an object", {"a.yaml": model("!!python/object/new:os._wrap_close [x]")}, says="SL903"),
    "a YAML tag that imports": Attack("import a module", {"a.yaml": model("!!python/module:evil"), "evil.py": EVIL}, says="SL903"),
    "a call string that imports": Attack("run a command", {"a.yaml": model(f'"{SYSTEM}"')}),
    "a call string with an attribute": Attack("reach the globals", {"a.yaml": model('"Linear.__init__.__globals__(3)"')}),
    "a call string with a comprehension": Attack("loop for ever", {"a.yaml": model('"Linear([1 for _ in iter(int, 1)])"')}),
    "a resolver of OmegaConf": Attack("evaluate a text", {"a.yaml": model(f"Linear(256, ${{eval:{SYSTEM}}})")}),
    "a resolver of the environment": Attack("read a secret", {"a.yaml": model("Linear(256, ${oc.env:HOME})")}),
    "a Python file": Attack("run its top level", {"a.py": script(before=f"{TOUCH}\nimport os\nos.system('touch pwned')")}),
    "a decorator": Attack("run on definition", {"a.py": script(before=f"@(lambda f: {TOUCH})\ndef f(): pass")}),
    "a default value": Attack("run on definition", {"a.py": script(before=f"def f(x={TOUCH}): pass")}),
    "a metaclass": Attack("run on definition", {"a.py": script(before=f"class M(type):\n    def __new__(*a): {TOUCH}\nclass C(metaclass=M): pass")}),
    "exec and eval": Attack("run a text", {"a.py": script(before=f"exec(\"{TOUCH}\")\neval(\"{TOUCH}\")")}),
    "a magic of a notebook": Attack("run a command", {"a.ipynb": notebook("!touch pwned\n", "%run evil.py\n", *script().splitlines(True)), "evil.py": EVIL}),
    "a module beside, named as a dependency": Attack("be imported first", {"a.yaml": MODEL, **{f"{name}.py": EVIL for name in ("yaml", "click", "pydantic", "typing", "json", "shapelint", "sitecustomize")}}),
    "a package beside, named as torch": Attack("be imported by a trace", {"a.yaml": MODEL, "torch/__init__.py": EVIL, "torchvision/__init__.py": EVIL}, ("--trace", ".")),
    "a plugin in pyproject.toml": Attack("be loaded", {"a.yaml": MODEL, "pyproject.toml": '[tool.shapelint]\n[project.entry-points.shapelint]\nx = "evil"\n', "evil.py": EVIL}),
    "trusted packages": Attack("be imported without leave", {"a.yaml": model("{_target_: evil.Head}"), "evil.py": EVIL, "shapelint.toml": TRUSTING}),
    "trusted packages of the system": Attack("run a command", {"a.yaml": model("{_target_: os.system, _args_: [touch pwned]}"), "shapelint.toml": TRUSTING}),
    "a class that starts processes, handed over": Attack("start processes", {"a.py": script(before="torchvision.models.resnet18(norm_layer=torch._inductor.compile_worker.subproc_pool.SubprocPool)")}),
    "weights from the net": Attack("download", {"a.py": script(before="torchvision.models.resnet18(weights='DEFAULT')\ntorch.hub.load('a/b', 'c')")}),
    "a pickled checkpoint": Attack("run a command", weights("a.pt", pickle.dumps(Runs()))),
    "a zipped checkpoint": Attack("run a command", weights("a.pt", checkpoint(pickle.dumps({"a": Runs()})))),
    "a checkpoint of the command line": Attack("run a command", {"a.yaml": MODEL, "a.pt": checkpoint(pickle.dumps(Runs()))}, ("--checkpoint", "a.pt", "a.yaml")),
    "a call in a rule": Attack("run a command", page(SYSTEM), says="call not allowed"),
    "a template with attributes": Attack("reach the globals", page("1 == 2", message='"{consumer.__class__.__init__.__globals__}"'), says="no fact"),
    "a template with a format": Attack("fill the memory", page("1 == 2", message='"{consumer:>999999999}"'), says="not an expression"),
    "a tag in a rule": Attack("run a command", page("1 == 1", label="!!python/object/apply:os.system [touch pwned]"), says="could not determine a constructor"),
    "a signature of the settings": Attack("run a command", settings(f'[signatures]\n"a.b" = "B ({SYSTEM}) -> B"\n'), says="bad axis"),
    "a call of the settings": Attack("add a statement", settings('[signatures]\n"a.b(): pass\\nimport evil\\ndef c()" = "B -> B"\n'), says="not a call with names of parameters"),
}  # fmt: skip

FILES: dict[str, Attack] = {
    "a method with a path": Attack("read another file", {"a.yaml": MODEL.replace("byol", "../../../../etc/passwd")}),
    "a target with a path": Attack("read another file", {"a.yaml": model("torchvision/../../../../etc/passwd")}),
    "a config that names a secret": Attack("show a file", {"a.yaml": f"defaults: [/../../../../../../etc/passwd]\n{MODEL}"}),
    "a script that reads a device": Attack("wait for ever", {"a.py": script(before="import yaml\nc = yaml.safe_load(open('/dev/zero'))")}),
    "a checkpoint that is a device": Attack("wait for ever", {"a.yaml": f"{MODEL}checkpoint: /dev/zero\n"}),
    "a pipe": Attack("wait for ever", {"a.yaml": MODEL, "b.yaml": pipe}),
    "a device": Attack("fill the memory", {"a.yaml": MODEL, "b.yaml": endless}),
    "a link to itself": Attack("recurse", {"a.yaml": MODEL, "b.yaml": loop}),
    "a link to the folder above": Attack("recurse", {"a.yaml": MODEL, "b": above}),
    "a pipe as a module": Attack("wait for ever", {"a.py": script(before="from other import f"), "other.py": pipe}),
    "a pipe as a .gitignore": Attack("wait for ever", {"a.yaml": MODEL, ".gitignore": pipe}),
    "a pipe as a rule": Attack("wait for ever", {**page("1 == 1"), "rules/q.md": pipe}, says="no regular file"),
    "a device as a rule": Attack("fill the memory", {**page("1 == 1"), "rules/q.md": endless}, says="no regular file"),
    "a folder as a rule": Attack("make a fault", {**page("1 == 1"), "rules/q.md/x": ""}),
    "a pipe as a pyproject.toml": Attack("wait for ever", {"a.yaml": MODEL, "pyproject.toml": pipe}),
    "a pipe as a checkpoint": Attack("wait for ever", {**weights("a.pt", b""), "a.pt": pipe}),
    "settings that everybody may write": Attack("silence a finding", {"a.yaml": MODEL.replace("(256, 1024", "(512, 1024", 1), "shapelint.toml": shared('ignore = ["ALL"]\n')}, says="SL101"),
    "a baseline outside": Attack("write a file", {"a.yaml": MODEL, "pyproject.toml": '[tool.shapelint]\nbaseline = "../../pwned"\n'}, says="unknown key"),
    "settings that extend a secret": Attack("show a file", settings('extend = "/etc/passwd"\n'), says="not valid TOML"),
    "rules from anywhere": Attack("show a file", settings('rules = ["/etc"]\n')),
    "a name that is an option": Attack("be read as an option", {"--fix.yaml": MODEL, "-v.yaml": MODEL}),
    "another encoding": Attack("make a fault", {"a.yaml": MODEL.encode("utf-16")}),
    "a zero byte": Attack("make a fault", {"a.yaml": f"{MODEL}# \0\n", "a.py": f"{script()}# \0\n"}),
    "lone surrogates": Attack("make a fault", {"a.yaml": f'{MODEL}x: "\\ud800"\n', "a.ipynb": notebook("x = '\\ud800'\n", *script().splitlines(True))}),
    "long names of files": Attack("make a fault", {"a.yaml": f"defaults: [{'a' * 5000}]\n{MODEL}checkpoint: {'a' * 5000}\n", "b.py": script(before=f"import {'a' * 5000}\nimport yaml\nc = yaml.safe_load(open('{'a' * 5000}'))\ntorch.load('{'a' * 5000}')"), "c.py": f"_base_ = ['{'a' * 5000}']\nmodel = dict(type='BYOL', backbone=dict(type='ResNet', depth=50))\n"}),
    "names of files with a zero byte": Attack("make a fault", {"a.yaml": f'{MODEL}checkpoint: "a\\0b"\n', "b.py": script(before="import yaml\nc = yaml.safe_load(open('a\\0b'))\ntorch.load('a\\0b')"), "c.py": "_base_ = ['a\\0b']\nmodel = dict(type='BYOL', backbone=dict(type='ResNet', depth=50))\n"}),
    "a closing bracket less": Attack("break a fix", {"a.yaml": model("[Conv2d(3, 512, 3 4), BatchNorm2d(512)]")}, ("--fix", ".")),
}  # fmt: skip

DEEP = 50_000

SIZES: dict[str, Attack] = {
    "YAML nested deeply": Attack("exhaust the stack", {"a.yaml": model("[" * DEEP + "]" * DEEP)}, says="SL903"),
    "YAML nested in blocks": Attack("exhaust the stack", {"a.yaml": "projection_head:\n" + "".join(f"{' ' * i}- a:\n" for i in range(1, 900))}),
    "an alias bomb": Attack("fill the memory", {"a.yaml": bomb(30)}, says="SL903"),
    "an alias bomb of merges": Attack("fill the memory", {"a.yaml": "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 20)}]}}\n" for i in range(1, 15)) + model("Linear(256, 3)")}),
    "an alias of itself": Attack("recurse", {"a.yaml": model("&a [*a]")}),
    "many keys": Attack("take quadratic time", {"a.yaml": "".join(f"k{i}: {i}\n" for i in range(50_000)) + MODEL}),
    "many layers": Attack("take quadratic time", {"a.yaml": model("[" + "Linear(256, 256), " * 3000 + "]")}),
    "a long call string": Attack("take quadratic time", {"a.yaml": model('"Linear(' + "256, " * 5000 + '3)"')}),
    "a call string nested deeply": Attack("exhaust the stack", {"a.yaml": model('"' + "Sequential(" * 3000 + ")" * 3000 + '"')}),
    "a long number": Attack("take quadratic time", {"a.yaml": model(f"Linear({'9' * 100_000}, 3)")}),
    "a power of a power": Attack("fill the memory", {"a.yaml": model('"Linear(9**9**9, 3)"')}),
    "a long interpolation": Attack("exhaust the stack", {"a.yaml": model('"' + "${a:" * 3000 + "}" * 3000 + '"')}),
    "an interpolation of itself": Attack("recurse", {"a.yaml": "x: ${y}\ny: ${x}\n" + model("Linear(${x}, 3)")}),
    "an interpolation that doubles": Attack("fill the memory", {"a.yaml": "x0: aaaaaaaaaa\n" + "".join(f"x{i}: ${{x{i - 1}}}${{x{i - 1}}}\n" for i in range(1, 60)) + model("Linear(${x59}, 3)")}),
    "defaults of themselves": Attack("recurse", {"a.yaml": f"defaults: [b]\n{MODEL}", "b.yaml": "defaults: [a]\n"}),
    "many ignore comments": Attack("take quadratic time", {"a.yaml": MODEL + "# shapelint: ignore[SL101]\n" * 12_500}),
    "many unknown ignores": Attack("compare each with each", {"a.yaml": MODEL + "# shapelint: ignore[" + ",".join(f"XX{i}" for i in range(3000)) + "]\n"}),
    "a long ignore": Attack("take quadratic time", {"a.yaml": f"{MODEL}# shapelint: {'ignore' * 5000}\n"}),
    "Python nested deeply": Attack("exhaust the stack", {"a.py": script(before="x = " + "(" * 3000 + ")" * 3000)}),
    "Python with many signs": Attack("exhaust the stack", {"a.py": script(before="x = " + "-" * 20_000 + "1")}),
    "Python with a long sum": Attack("exhaust the stack", {"a.py": script(before="x = " + "1 + " * 20_000 + "1")}),
    "Python with many attributes": Attack("exhaust the stack", {"a.py": script(before="x = torch" + ".a" * 20_000)}),
    "Python with nested functions": Attack("exhaust the stack", {"a.py": script(before="".join(f"{' ' * i}def f():\n" for i in range(90)) + " " * 90 + "pass")}),
    "an endless loop": Attack("wait for ever", {"a.py": script("while True: h = x")}),
    "a loop of 10^9": Attack("take long", {"a.py": script("h = x\n        for i in range(10**9): h = h + i")}),
    "an endless recursion": Attack("exhaust the stack", {"a.py": script("h = self.forward(x)")}),
    "loops in loops": Attack("take long", {"a.py": script("h = x\n" + "".join(f"{' ' * (8 + i)}for i{i} in range(9):\n" for i in range(12)) + " " * 20 + "h = h + 1")}),
    "an endless generator": Attack("wait for ever", {"a.py": script("import itertools\n        h = [i for i in itertools.count()]")}),
    "a list of 10^9": Attack("fill the memory", {"a.py": script("h = [x] * 10**9")}),
    "a text of 10^10": Attack("fill the memory", {"a.py": script("h = 'a' * 10**10")}),
    "a format of 10^9": Attack("fill the memory", {"a.py": script("h = f'{1:>999999999}' + '%999999999d' % 1")}),
    "a number of 10^8 digits": Attack("fill the memory", {"a.py": script("h = self.backbone(x).flatten(10**10**8)")}),
    "an axis of 10^9": Attack("fill the memory", {"a.py": script("h = self.backbone(x).flatten(10**9)")}),
    "a shape of 10^7 axes": Attack("fill the memory", {"a.py": script("h = self.backbone(x).view(*[1] * 10**7)")}),
    "a pattern that backtracks": Attack("take exponential time", {"a.py": script("import re\n        h = re.match('(a+)+$', 'a' * 40 + 'b')")}),
    "many classes": Attack("take quadratic time", {"a.py": script(before="".join(f"class C{i}(nn.Module): pass\n" for i in range(1500)))}),
    "many branches": Attack("take exponential time", {"a.py": script("h = self.backbone(x).flatten(1)\n" + "".join(f"        if x{i}: h = h + {i}\n" for i in range(300)))}),
    "a notebook nested deeply": Attack("exhaust the stack", {"a.ipynb": "[" * DEEP + "]" * DEEP}),
    "a notebook of many cells": Attack("take quadratic time", {"a.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": ["x = 1\n"]}] * 5000 + [{"cell_type": "code", "source": script()}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})}),
    "a rule with many signs": Attack("exhaust the stack", page("-" * 1900 + "1 == 1"), says="nested too deeply"),
    "a rule with a long product": Attack("fill the memory", page("*".join(["9**64"] * 40) + " == 1")),
    "a signature with a product of sums": Attack("take exponential time", settings('[signatures]\n"yolov8n.Backbone" = "B 3 H W -> B ' + "*".join(["(a+b+c+d+e+f+g+h)"] * 60) + '"\n')),
    "settings nested deeply": Attack("exhaust the stack", settings("x = " + "[" * 100_000), says="nested too deeply"),
    "settings with a long key": Attack("take quadratic time", settings("a" + ".a" * 100_000 + " = 1\n"), says="more than 64 parts"),
    "a pyproject.toml with a long key": Attack("take quadratic time", {"a.py": script(before="from other import f"), "pyproject.toml": "a" + ".a" * 100_000 + " = 1\n"}),
    "a .gitignore that backtracks": Attack("take exponential time", {"a.yaml": MODEL, ".gitignore": "*a" * 40 + "b\n", "a" * 60 + ".yaml": MODEL}),
    "patterns of the settings": Attack("take exponential time", {**settings(f'exclude = ["{"*a" * 25}b"]\n'), "a" * 60 + ".yaml": MODEL}),
    "a packed checkpoint of zeros": Attack("fill the memory", weights("a.pt", checkpoint(b"\x80\x02" + bytes(60 << 20)))),
    "a packed checkpoint of values": Attack("fill the memory", weights("a.pt", checkpoint(b"\x80\x02" + b"N" * (60 << 20)))),
    "a packed checkpoint of one text": Attack("fill the memory", weights("a.pt", checkpoint(b"\x80\x02X" + struct.pack("<I", 60 << 20) + bytes(60 << 20) + b"."))),
    "a packed checkpoint of memos": Attack("fill the memory", weights("a.pt", checkpoint(b"\x80\x02N" + b"\x94" * (60 << 20) + b"."))),
    "a packed checkpoint of memos of memos": Attack("fill the memory", weights("a.pt", checkpoint(b"\x80\x02]" + b"q\0h\0h\0h\0\x87" * 1_000_000 + b"."))),
    "a checkpoint nested deeply": Attack("exhaust the stack", weights("a.pt", checkpoint(b"\x80\x02N" + b"\x85" * 500_000 + b".")), says=""),
    "a checkpoint that lies about a length": Attack("fill the memory", weights("a.pt", checkpoint(b"\x80\x02X\xff\xff\xff\xffa."))),
    "a header of a million keys": Attack("fill the memory", weights("a.safetensors", safetensors(json.dumps(dict.fromkeys(map(str, range(1_000_000)), 0)).encode()))),
    "a header full of tensors": Attack("fill the memory", weights("a.safetensors", safetensors(json.dumps({f"k{i}": {"dtype": "F32", "shape": [1], "data_offsets": [0, 0]} for i in range(250_000)}).encode()))),
    "a header with a key of 10 MB": Attack("fill the memory", weights("a.safetensors", safetensors(json.dumps({"k" * 10_000_000: {"dtype": "F32", "shape": [1], "data_offsets": [0, 0]}}).encode()))),
    "a header nested deeply": Attack("exhaust the stack", weights("a.safetensors", safetensors(b"[" * 10_000_000))),
}  # fmt: skip

ATTACKS = {**CODE, **FILES, **SIZES}
"""All attacks by what is sent."""
