"""Overrides as Hydra reads them: each is compared with what Hydra itself gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, HydraException
from omegaconf import OmegaConf

from shapelint.documents import hydra, override_values, overrides
from shapelint.documents.fragments import on_disk
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, YamlNode, pairs
from shapelint.documents.nodes import compose as documents
from shapelint.text.source import read_source

WORDS = """
width=640
+width=640
++net.depth=1e-3
~net
a=null
a=[3,{b:4},x]
a={b:1,c:[2,3]}
a='p,q'
a=3,5,8
a=true,null
a=[1,2],[3]
a='p,q',"r"
a=choice(small, large)
a=range(6)
a=range(2,11,4)
a=range(start=1,stop=4)
a=range(0.0,1.0,0.25)
a=range(5,2,-1)
a=tag(first, choice(1,2))
group@package.name=value
"""


@pytest.mark.parametrize("word", WORDS.split("\n")[1:-1])
def test_words_are_read_as_hydra_reads_them(word: str) -> None:
    ours, theirs = overrides.parse(word), OverridesParser.create().parse_override(word)
    swept = theirs.is_sweep_override()
    values = list(theirs.sweep_string_iterator()) if swept else [theirs.get_value_element_as_str()]
    assert ours.is_sweep == swept
    assert ours.key == theirs.get_key_element().lstrip("+~")
    if ours.values:
        plain = [value.replace("'", "").replace('"', "").replace("0.001", "1e-3") for value in values]
        assert [override_values.shown(one) for one in ours.values] == [value.replace("True", "true") for value in plain]


@pytest.mark.parametrize("word", ["a", "a=[1,2", "a='x"])
def test_what_hydra_does_not_read_is_refused(word: str) -> None:
    with pytest.raises(InvalidYamlError):
        overrides.parse(word)
    if word != "a":
        with pytest.raises(HydraException):
            OverridesParser.create().parse_override(word)


FILES = {
    "main.yaml": "defaults:\n  - net: small\n  - _self_\nseed: 3\nhead: {dim: 640, sizes: [1, 2]}\n"
    "items: [{a: 1}, {a: 2}]\nempty: null\nmust: ???\n"
    "ref: ${head}\nword: abc\n",
    "net/small.yaml": "width: 640\n",
    "net/large.yaml": "width: 1280\ndepth: 9\n",
    "loss/plain.yaml": "scale: 2\n",
}

ACCEPTED = [
    ["net=large"],
    ["net=large", "net.width=96", "head.dim=7"],
    ["+loss=plain", "loss.scale=5"],
    ["+extra.deep=1", "head={dim: 4}"],
    ["~net"],
    ["~seed", "++head.dim=12", "++new=[1,2]"],
    ["~seed=3"],
    ["head.sizes=[4,5,6]"],
    ["+head={bias: true}"],
    ["head.sizes.0=9", "items.1.a=5"],
    ["items.0=7", "+items.1.b=3"],
    ["head.sizes=3"],
    ["+head={dim: 5, more: {deep: 1}}", "head.more.deep=2"],
    ["++head={dim: {a: 3}}", "head.dim.a=4"],
    ["head={}"],
    ["+empty.x=3"],
    ["+empty=3", "must=4"],
    ["+must=4"],
    ["seed={a: 1}"],
    ["+seed={a: 1}"],
    ["seed=4", "seed=5"],
    ["net.width=null"],
    ["~net=small"],
    ["hydra.run.dir=x"],
    ["~ref"],
    ["++ref.x=3"],
    ["+ref.x=3"],
    ["+word.x=3"],
    ["~word=abc"],
]
REFUSED = [
    ["seeds=4"],
    ["head.width=3"],
    ["+seed=4"],
    ["~seeds"],
    ["~seed=4"],
    ["loss=plain"],
    ["+net=large"],
    ["items.5.a=3"],
    ["items.x=1"],
    ["head={dim: 5, more: {deep: 1}}"],
    ["+items.2.a=1"],
    ["items.0.b=3"],
    ["~items.0"],
    ["~head.sizes.0"],
    ["empty.x=3"],
    ["seed.x=3"],
    ["~head.dim.x"],
    ["~net=large"],
    ["ref.dim=3"],
    ["ref.x=3"],
    ["word.x=3"],
    ["must.x=3"],
    ["~empty"],
    ["~empty=null"],
    ["~must"],
    ["~word=abd"],
]


def _plain(node: YamlNode) -> object:
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in pairs(node)}
    return node.value if isinstance(node, Scalar) else [_plain(item) for item in node.items]


def _ours(folder: Path, words: list[str]) -> object:
    source = read_source(folder / "main.yaml")
    parsed = [overrides.parse(word) for word in words]
    return _plain(hydra.composed(source, documents(source)[0], on_disk(source, {}), parsed).root)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("words", ACCEPTED, ids=" ".join)
def test_configs_are_composed_as_by_hydra(folder: Path, words: list[str]) -> None:
    with initialize_config_dir(str(folder), version_base=None):
        theirs = OmegaConf.to_container(compose("main", [word.replace(": ", ":") for word in words]))
    assert _ours(folder, words) == theirs


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_what_hydra_refuses_is_refused(folder: Path, words: list[str]) -> None:
    errors = (ConfigCompositionException, TypeError, ValueError)  # the last two for places of lists
    with initialize_config_dir(str(folder), version_base=None), pytest.raises(errors):
        compose("main", words)
    with pytest.raises(overrides.RefusedOverrideError, match=overrides.REFUSED):
        _ours(folder, words)


GROUP_GLOBS = ["net=glob(*)", "net=glob(l*)", "net=glob([s*,l*],exclude=sm*)", "net=glob(x*)", "+loss@extra=glob(*)"]


@pytest.mark.parametrize("word", GROUP_GLOBS)
def test_a_glob_stands_for_the_files_of_its_group(folder: Path, word: str) -> None:
    (folder / "net" / "notes.txt").write_text("not a config")
    with initialize_config_dir(str(folder), version_base=None):
        parser = OverridesParser.create(GlobalHydra.instance().config_loader())
        theirs = list(parser.parse_overrides([word])[0].sweep_string_iterator())
    found = overrides.expanded(overrides.parse(word), [str(folder / "gone"), str(folder)])
    assert [override_values.shown(one) for one in found.values] == theirs


def test_a_glob_of_a_group_that_is_in_no_folder_stays_open(folder: Path) -> None:
    word = overrides.parse("gone=glob(*)")
    assert overrides.expanded(word, [str(folder)]) == word
    plain = overrides.parse("net=small,large")
    assert overrides.expanded(plain, [str(folder)]) is plain


SWEEP = """\
hydra:
  sweeper:
    params:
      head.dim: 256,512
      +depth: "range(1, 3)"
      seed: 4
      a=b: 3
      what is this: 4
      hydra.job.name: x,y
      folded: >-
        1,
        2
"""


def test_the_params_of_a_sweeper_are_overrides_at_their_places(tmp_path: Path) -> None:
    """A key of Hydra's own, and one that is no key of an override, are left out."""
    (tmp_path / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
    source = read_source(tmp_path / "sweep.yaml")
    found = overrides.swept(documents(source)[0], source)
    written = [(one.mode, one.key, [override_values.shown(value) for value in one.values]) for one in found]
    assert written == [
        ("", "head.dim", ["256", "512"]),
        ("+", "depth", ["1", "2"]),
        ("", "seed", ["4"]),
        ("", "folded", ["1", "2"]),
    ]
    places = [SWEEP[value.span.start : value.span.end] for value in found[0].values]
    assert places == ["256", "512"]  # a repair of one run is written there
    combinations = [" ".join(one.text for one in run) for run in overrides.combined(found)]
    assert len(combinations) == 8
    assert combinations[0] == "head.dim=256 +depth=1 seed=4 folded=1"


def test_a_config_that_is_a_list_has_nothing_to_override(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("[1, 2]\n", encoding="utf-8")
    root = documents(read_source(tmp_path / "list.yaml"))[0]
    assert overrides.changed(root, overrides.parse("a=1")) is root
