"""Python configs are read as Python runs them: what is said of a name is what `exec` gives, or that it is not known."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from shapelint.documents.nodes import InvalidYamlError, pairs
from shapelint.documents.python_configs import BasedConfigs
from tests.documents.said_values import said

FOLLOWED = """
a = dict(x=1); b = dict(n=a); a['x'] = 2
a = dict(x=1); b = dict(n=a); b['n']['x'] = 2
a = dict(n=1); b = [a, a]; b[0]['n'] = 2
a = dict(x=1); b = dict(n=a); a.update(x=2)
a = b = [1, 2]; a[-1] = 3
a = dict(x=1); b = a; a = dict(x=2)
a = dict(x=1); b = copy.deepcopy(a); a['x'] = 2
a = dict(x=dict(y=1)); b = copy.copy(a); a['x']['y'] = 2; a['z'] = 3
a = dict(x=dict(y=1), l=[1, [2]]); b = copy.deepcopy(a); a['x']['y'] = 2; a['l'][1][0] = 5
i = [1]; a = [i, i]; b = copy.deepcopy(a); b[0][0] = 2
a = {'x': 1}; b = a.copy(); b['x'] = 2
a = [1, 2]; b = list(a); b[0] = 3
a = dict(x=1); b = dict(**a); a['x'] = 2
a = dict(x=dict(y=1)); b = dict(a, z=2); a['x']['y'] = 2
k = 3; a = copy.copy(k)
a = dict(x=dict(y=1)); a['x']['y'] = 4; a['z'] = 5
a = dict(x=1); a.update({'z': 1}, y=2)
a = dict(x=1); a.update()
a = dict(x=dict(y=1)); a['x'].update(dict(y=2)); a.update({'x': dict(w=3)})
a = [1, *[2, 3], 4]; b = [*a, 5] + [6]
a = {**dict(x=1), 'y': 2}
a, (b, c) = 1, (2, 3)
[a, b] = [1, 2]
a = dict(x=[1, 2]); b = a['x'][1]; c = a['x'][-1]
x = -3; y = -x; w = 7 // 2; u = 2.5; v = -0.5; n = not True
x = 3; y = x if x > 2 else 5
x: int = 4
a = 'p' 'q'; b = None; c = b'raw'
"""

NOT_KNOWN = """
a = dict(x=1); b = dict(n=a); a.setdefault('y', 2)
a = dict(x=1, y=2); b = a.pop('x')
a = dict(x=1); c = dict(n=a); b = [a.pop('x')]
a = dict(x=1); dict.update(a, x=2)
a = dict(x=1); a |= dict(x=2)
a = dict(x=1); del a['x']
a = dict(x=1); b = dict(n=a); a.update([('x', 2)])
a = dict(x=dict(y=1)); b = a['x']; (a if a else b)['x'] = 5
a = dict(x=dict(y=1)); i = 'x'; a[i]['y'] = 2
a = {1: 2}; b = a[1]; a[1] = 3
a = dict(x=1); a['y'] = 2; a[0] = 3
a = [1]; a.append(2)
a = [1, 2]; a += [3]
a = dict([('x', 1)])
a, *b = 1, 2, 3
a = 2.5 * 2; b = 7 / 2; u = True and 5; v = 0 or 3; w = 1 + (u or 0); t = -'1'.count('1')
a = 'r' + 'n'; b = f'x{1}'; c = {1}; d = [i for i in (1, 2)]
s = 'ab'; a = s[0]; b = s.upper(); c = (lambda: 3)()
a = [*'ab']; b = [*range(2)]
k = 'q'; a = {k: 1, 'x': 2}
a = {**{str(1): 2}, 'y': 3}
a = dict(**dict(zip('xy', (1, 2))), z=3)
n = 3; a = [n] * 2; b = len(a); c = range(n)
x = (y := 5)
"""

BLOCKS = [
    "a = dict(x=1)\nb = dict(n=a)\ndef f(d):\n    d['x'] = 3\nf(a)\n",
    "a = dict(x=1)\nb = dict(n=a)\ndef f(d):\n    d['x'] = 3\n    return 5\nc = f(d=a)\n",
    "a = dict(x=1)\nb = dict(n=a)\nfor key in a:\n    a[key] = 7\n",
    "a = dict(x=1)\nif True:\n    a['x'] = 2\n",
    "x = 1\nif True:\n    import os as x\n",
    "x = 1\nif True:\n    from os import path as x\n",
    "x = 1\ntry:\n    1 / 0\nexcept ZeroDivisionError as x:\n    pass\n",
    "x = 1\nclass x:\n    pass\n",
    "x = 1\nasync def x():\n    pass\n",
]


def agrees(ours: Any, real: Any) -> bool:
    """Whether all that is said of a value is so."""
    if ours is ...:
        return True
    if isinstance(ours, dict) and isinstance(real, dict):
        names = {str(key): value for key, value in real.items()}
        missing = names.keys() - ours.keys()
        return (... in ours or not missing) and all(
            key is ... or (key in names and agrees(value, names[key])) for key, value in ours.items()
        )
    if isinstance(ours, list):
        return len(ours) == len(real) and all(map(agrees, ours, real))
    return type(ours) is type(real) and bool(ours == real)


def both(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is said of the names of a text, and what Python gives them."""
    real: dict[str, Any] = {}
    exec(text, {"copy": copy}, real)
    whole = BasedConfigs(lambda path: None).config("config.py", text)
    return {key.text: said(value) for key, value in pairs(whole)}, real


@pytest.mark.parametrize("line", FOLLOWED.strip().split("\n"))
def test_what_is_followed_is_what_python_gives(line: str) -> None:
    ours, real = both(line.replace("; ", "\n"))
    real = {name: value for name, value in real.items() if not name.startswith("_")}
    assert ours.keys() == real.keys()
    for name, value in real.items():
        assert agrees(ours[name], value), (name, ours[name], value)
        assert "Ellipsis" not in repr(ours[name])


@pytest.mark.parametrize("text", [*(line.replace("; ", "\n") for line in NOT_KNOWN.strip().split("\n")), *BLOCKS])
def test_what_is_not_followed_is_not_said(text: str) -> None:
    ours, real = both(text)
    assert "Ellipsis" in repr(ours)
    for name, value in ours.items():
        assert value is ... or (name in real and agrees(value, real[name])), (name, value, real.get(name))


BASE = "neck = dict(in_channels=2048)\nmodel = dict(neck=neck, both=[neck, neck])\nplain = dict(x=1)\n"


def over_base(text: str) -> dict[str, Any]:
    configs = BasedConfigs(lambda path: (BASE, 0) if path == "base.py" else None)
    whole = configs.config(
        "own.py", f"from mmengine.config import read_base\nwith read_base():\n    from .base import *\n{text}"
    )
    return {key.text: said(value) for key, value in pairs(whole)}


def test_an_imported_base_shares_nothing() -> None:
    """mmengine makes each dictionary of a module a ConfigDict of its own before another one imports it."""
    found = over_base("neck['in_channels'] = 512\nmodel['both'][0].in_channels = 96\n")
    assert found["neck"] == {"in_channels": 512}
    assert found["model"] == {"neck": {"in_channels": 2048}, "both": [{"in_channels": 96}, {"in_channels": 2048}]}


def test_the_update_of_a_config_dict_goes_into_what_it_holds() -> None:
    """`update` of a ConfigDict is recursive, that of a dict is not: which one it is, is not known."""
    assert over_base("model.update(dict(neck=dict(x=1)))\n")["model"] is ...
    assert over_base("plain.update(x=2)\n")["plain"] == {"x": 2}
    assert over_base("model.merge(dict(neck=dict(x=1)))\n")["model"]["neck"] == {"in_channels": 2048, "x": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = (1,\nb = 2\n", "'\\(' was never closed"),
        ("a = [0]\n" + "a = [a]\n" * 200, "nested more than 100 levels deep"),
        ("a = b = [0]\n" + "a = [a]\n" * 5000 + "b[0] = 1\n", "nested more than 100 levels deep"),
        ("a = [0]\n" + "b = [a, a]\na = [b, b]\n" * 5 + "a[0] = 1\n" * 60_000, "more than .* values"),
    ],
)
def test_what_is_no_python_or_too_much_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidYamlError, match=message):
        BasedConfigs(lambda path: None).config("config.py", text)


def test_places_are_counted_in_characters() -> None:
    text = "name, width = '卷积', 640\n"
    whole = BasedConfigs(lambda path: None).config("config.py", text)
    ((_, name), (_, width)) = pairs(whole)
    assert [text[node.span.start : node.span.end] for node in (name, width)] == ["'卷积'", "640"]
