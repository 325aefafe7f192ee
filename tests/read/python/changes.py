# ruff: noqa: E501 -- a table: one line a case
"""What changes a number or a network between where it is written and where it counts.

A number: a name, the code before the model, the expression that the head is built with, and whether shapelint follows it.
`{W}` in the code is the width that is right; every other number in it would not fit, so that whoever believes one of them
says so on a script that runs. A network: a name, the code of a function's body that returns it, its width for images
(4, channels, 64, 64), the channels, and whether it is followed.
"""

from __future__ import annotations

NUMBERS: dict[str, tuple[str, str, bool]] = {
    # Dicts ---------------------------------------------------------------------------------------------------------
    "update with a keyword": ("cfg = dict(width=3)\ncfg.update(width={W})", "cfg['width']", True),
    "update with keywords of a function": ("def config(**given):\n    cfg = {'width': 3}\n    cfg.update(**given)\n    return cfg\ncfg = config(width={W})", "cfg['width']", True),
    "update with pairs": ("cfg = {'width': 3}\ncfg.update([('width', {W})])", "cfg['width']", True),
    "update from what is not known": ("import os\ncfg = {'width': 3}\ncfg.update({'width': {W}} if os.sep else {})", "cfg['width']", False),
    "a literal around what is not known": ("import os\nrest = {'width': {W}} if os.sep else {}\ncfg = {'width': 3, **rest}", "cfg['width']", False),
    "in place or": ("cfg = {'width': 3}\nother = cfg\ncfg |= {'width': {W}}", "other['width']", True),
    "a key that is not known": ("import os\ncfg = {'width': 3}\ncfg[os.environ.get('NO_SUCH_KEY', 'width')] = {W}", "cfg['width']", False),
    "a key that is deleted": ("cfg = {'first': 3, 'second': {W}}\ndel cfg['first']", "next(iter(cfg.values()))", True),
    "a key that is popped": ("cfg = {'first': 3, 'second': {W}}\ncfg.pop('first')", "list(cfg.values())[0]", True),
    "an inner dict": ("cfg = {'head': {'width': 3}}\ncfg['head']['width'] = {W}", "cfg['head']['width']", True),
    "a deep update": ("def deep(into, more):\n    for key, value in more.items():\n        if isinstance(value, dict):\n            deep(into[key], value)\n        else:\n            into[key] = value\ncfg = {'head': {'width': 3}}\ndeep(cfg, {'head': {'width': {W}}})", "cfg['head']['width']", False),
    "set in one branch": ("import os\ncfg = {'width': 3}\nif os.sep:\n    cfg['width'] = {W}", "cfg['width']", False),
    "a key that one branch gives": ("import os\ncfg = {}\nif os.sep:\n    cfg['width'] = {W}", "cfg.get('width', 3)", False),
    "a global dict changed in a branch of a function": ("import os\nCFG = {'width': 3}\ndef setup():\n    if os.sep:\n        CFG['width'] = {W}\n    else:\n        pass\nsetup()", "CFG['width']", False),
    "handed to code that is not seen": ("import operator\ncfg = {'width': 3}\noperator.setitem(cfg, 'width', {W})", "cfg['width']", False),
    # Lists and iterators -----------------------------------------------------------------------------------------------
    "sorted backwards": ("widths = sorted([3, {W}, 64], reverse=True)", "widths[0]", True),
    "sorted by a key": ("widths = sorted([3, {W}, 64], key=lambda width: -width)", "widths[0]", True),
    "sorted in place": ("widths = [{W}, 3]\nwidths.sort()", "widths[1]", True),
    "shuffled out of sight": ("import random\nwidths = [{W}, {W}]\nwidths.append(3)\nrandom.Random(0).shuffle(widths)\nwidths = [max(widths)]", "widths[0]", False),
    "an element deleted": ("widths = [3, {W}]\ndel widths[0]", "widths[0]", True),
    "a slice replaced": ("widths = [3, 4]\nwidths[:1] = [{W}]", "widths[0]", False),
    "an iterator gives each element once": ("widths = iter([3, {W}])\nnext(widths)", "next(widths)", True),
    "a generator expression gives each element once": ("widths = (width for width in [3, {W}])\nnext(widths)", "next(widths)", True),
    "the default of next": ("widths = iter([])", "next(widths, {W})", True),
    "enumerate from a start": ("found = [{W} * place // 2 for place, _ in enumerate('a', start=2)]", "found[0]", True),
    "sum from a start": ("total = sum([1, 1], {W} - 2)", "total", True),
    "the largest by a key": ("best = max([3, {W}], key=lambda width: width % 100 if width > 9 else 0)", "best", False),
    "a loop left early": ("import os\nwidth = 3\nfor candidate in [{W}, 4]:\n    width = candidate\n    if os.sep:\n        break", "width", False),
    "a loop left at a known place": ("width = 3\nfor candidate in [{W}, 4]:\n    width = candidate\n    if candidate > 100:\n        break", "width", True),
    "a loop's else": ("width = {W}\nfor candidate in [4]:\n    if candidate == 4:\n        break\nelse:\n    width = 3", "width", True),
    "pairwise, chained": ("import itertools\nwidths = list(itertools.chain([{W}], [3]))\npairs = list(zip(widths, widths[1:]))", "pairs[0][0]", True),
    "reduced": ("import functools\nwidth = functools.reduce(lambda one, two: one * two, [2, {W}], 1) // 2", "width", True),
    "shifted": ("width = ({W} << 2) >> 2", "width", True),
    "generated": ("def widths(n):\n    for factor in range(1, n):\n        yield {W} * factor\n    yield 3", "list(widths(3))[0]", True),
    # Ways ---------------------------------------------------------------------------------------------------------------
    "an early return that sets something": ("import os\nclass Config:\n    width = 3\n    def setup(self):\n        if os.sep:\n            self.width = {W}\n            return\n        self.other = 1\nconfig = Config()\nconfig.setup()", "config.width", False),
    "both ways return": ("import os\nclass Config:\n    width = 3\n    def setup(self):\n        if os.sep:\n            self.width = {W}\n            return\n        else:\n            self.width = {W}\n            return\nconfig = Config()\nconfig.setup()", "config.width", True),
    "falling off the end": ("import os\ndef width():\n    if not os.sep:\n        return 3", "width() or {W}", False),
    "a package that is missing": ("try:\n    import no_such_package_anywhere\n    WIDTH = 3\nexcept ImportError:\n    WIDTH = {W}", "WIDTH", False),
    "a flag for a package that is missing": ("try:\n    import no_such_package_anywhere\n    FOUND = True\nexcept ImportError:\n    FOUND = False\nWIDTH = 3 if FOUND else {W}", "WIDTH", False),
    "a body that raises": ("try:\n    WIDTH = 3\n    raise ValueError\nexcept ValueError:\n    WIDTH = {W}", "WIDTH", True),
    "a function that may raise": ("import os\ndef pick(name):\n    if name == os.sep:\n        raise ValueError(name)\n    return 3\ntry:\n    WIDTH = pick(os.sep)\nexcept ValueError:\n    WIDTH = {W}", "WIDTH", False),
    "suppressed": ("import contextlib\nWIDTH = {W}\nwith contextlib.suppress(KeyError):\n    WIDTH = {}['width'] or 3", "WIDTH", False),
    "for type checkers only": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    WIDTH = 3\nelse:\n    WIDTH = {W}", "WIDTH", True),
    "an attribute of a library that may be false": ("import sys\nWIDTH = 3 if sys.flags.verbose else {W}", "WIDTH", False),
    "a side of and": ("import os\nwidths = [{W}]\nos.sep and widths.append(3)", "widths[0]", False),
    "a match without a fitting case": ("import os\nwidth = {W}\nmatch os.sep:\n    case 'nothing':\n        width = 3", "width", False),
    # Objects --------------------------------------------------------------------------------------------------------------
    "a setter": ("class Config:\n    _width = 3\n    @property\n    def width(self):\n        return self._width\n    @width.setter\n    def width(self, value):\n        self._width = value * 2\nconfig = Config()\nconfig.width = {W} // 2", "config.width // 2 * 2", True),
    "a __setattr__ of its own": ("class Config:\n    def __setattr__(self, name, value):\n        super().__setattr__(name, value + 1)\nconfig = Config()\nconfig.width = {W} - 1", "config.width", True),
    "a descriptor": ("class Doubled:\n    def __get__(self, owner, kind=None):\n        return owner.raw * 2\n    def __set__(self, owner, value):\n        owner.raw = value\nclass Config:\n    width = Doubled()\nconfig = Config()\nconfig.width = {W} // 2", "config.width", False),
    "a __getattribute__": ("class Config:\n    width = 3\n    def __getattribute__(self, name):\n        return {W}\nconfig = Config()", "config.width", False),
    "its __dict__": ("class Config:\n    def __init__(self):\n        self.width = 3\n        self.__dict__.update(width={W})\nconfig = Config()", "config.width", True),
    "vars of an object": ("class Config:\n    def __init__(self):\n        self.width = 3\nconfig = Config()\nvars(config)['width'] = {W}", "config.width", True),
    "names from a loop": ("class Config:\n    width = 3\n    def __init__(self, given):\n        for name, value in given.items():\n            setattr(self, name, value)\nconfig = Config({'width': {W}})", "config.width", True),
    "an attribute in one branch, the class's in the other": ("import os\nclass Config:\n    width = 3\n    def __init__(self):\n        if os.sep:\n            self.width = {W}\nconfig = Config()", "config.width", False),
    "a dataclass from a changed dict": ("import dataclasses\n@dataclasses.dataclass\nclass Config:\n    width: int = 3\ngiven = dataclasses.asdict(Config())\ngiven['width'] = {W}\nconfig = Config(**given)", "config.width", True),
    "a dataclass from what is not known": ("import dataclasses, os\n@dataclasses.dataclass\nclass Config:\n    width: int = 3\ngiven = {'width': {W}} if os.sep else {}\nconfig = Config(**given)", "config.width", False),
    "fields of a base first": ("import dataclasses\n@dataclasses.dataclass\nclass Base:\n    depth: int = 3\n@dataclasses.dataclass\nclass Config(Base):\n    width: int = 4\nconfig = Config(1, {W})", "config.width", True),
    "a replaced field": ("import dataclasses\n@dataclasses.dataclass\nclass Config:\n    width: int = 3\nconfig = dataclasses.replace(Config(), width={W})", "config.width", True),
    "a class decorator": ("def wide(cls):\n    cls.width = {W}\n    return cls\n@wide\nclass Config:\n    width = 3", "Config.width", True),
    "a metaclass": ("class Meta(type):\n    def __new__(mcs, name, bases, names):\n        names['width'] = {W}\n        return super().__new__(mcs, name, bases, names)\nclass Config(metaclass=Meta):\n    width = 3", "Config.width", False),
    "__init_subclass__": ("class Base:\n    def __init_subclass__(cls, width=3):\n        cls.width = width\nclass Config(Base, width={W}):\n    pass", "Config.width", True),
    # Names -----------------------------------------------------------------------------------------------------------------
    "globals": ("WIDTH = 3\nglobals()['WIDTH'] = {W}", "WIDTH", True),
    "executed text": ("WIDTH = 3\nexec('WIDTH = {W}')", "WIDTH", False),
    "a global of a function": ("WIDTH = 3\ndef setup():\n    global WIDTH\n    WIDTH = {W}\nsetup()", "WIDTH", True),
    # Command lines ------------------------------------------------------------------------------------------------------------
    "a command line that is written": ("import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--width', type=int, default=3)\nargs = parser.parse_args(['--width', '{W}'])", "args.width", False),
    "a namespace that is handed over": ("import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--width', type=int, default=3)\nargs = parser.parse_args([], namespace=argparse.Namespace(width={W}))", "args.width", False),
    "vars of a namespace": ("import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--width', type=int, default=3)\nargs = parser.parse_args([])\nvars(args).update(width={W})", "args.width", True),
    "defaults from what is not known": ("import argparse, os\nparser = argparse.ArgumentParser()\nparser.add_argument('--width', type=int, default=3)\nparser.set_defaults(**({'width': {W}} if os.sep else {}))\nargs = parser.parse_args([])", "args.width", False),
}  # fmt: skip

RESNET = "net = torchvision.models.resnet18()\n"
NETWORKS: dict[str, tuple[str, int, int, bool]] = {
    "names tried in turn": (RESNET + "for name in ('fc', 'classifier'):\n    if hasattr(net, name):\n        setattr(net, name, nn.Identity())\n        break", 512, 3, True),
    "every Linear among the children": (RESNET + "for name, child in net.named_children():\n    if isinstance(child, nn.Linear):\n        setattr(net, name, nn.Identity())", 512, 3, True),
    "every Linear anywhere": (RESNET + "for name, child in net.named_modules():\n    if isinstance(child, nn.Linear):\n        setattr(net, name, nn.Identity())", 512, 3, False),
    "the dict of children": (RESNET + "net._modules['fc'] = nn.Identity()", 512, 3, True),
    "set_submodule": (RESNET + "net.set_submodule('fc', nn.Identity())", 512, 3, True),
    "add_module": (RESNET + "net.add_module('fc', nn.Identity())", 512, 3, True),
    "a forward that is patched": (RESNET + "net.forward = lambda images: images.mean((2, 3))", 3, 3, False),
    "a hook that gives something else": (RESNET + "net.register_forward_hook(lambda module, given, logits: logits[:, :7])", 7, 3, False),
    "weights of another shape": (RESNET + "net.fc.weight, net.fc.bias = nn.Parameter(torch.zeros(40, 512)), None", 40, 3, False),
    "weights of another shape, as data": (RESNET + "net.fc.weight.data = torch.zeros(40, 512)\nnet.fc.bias = None", 40, 3, False),
    "another stem": (RESNET + "net.conv1 = nn.Conv2d(1, 64, 3, padding=1, bias=False)\nnet.fc = nn.Identity()", 512, 1, True),
    "a stem whose weights are summed": (RESNET + "net.conv1.weight = nn.Parameter(net.conv1.weight.sum(1, keepdim=True))\nnet.fc = nn.Identity()", 512, 1, False),
    "a layer of a block": (RESNET + "net.layer4[1].conv2 = nn.Conv2d(512, 512, 1)\nnet.fc = nn.Identity()", 512, 3, False),
    "replaced in one branch": ("import os\n" + RESNET + "if os.sep:\n    net.fc = nn.Identity()", 512, 3, False),
    "the last layer deleted": ("net = nn.Sequential(nn.Conv2d(3, 40, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(40, 10))\ndel net[-1]", 40, 3, True),
    "the head inside a transformer's heads": ("net = torchvision.models.vit_b_32(image_size=64)\nnet.heads.head = nn.Identity()", 768, 3, True),
    "the patches of a transformer": ("net = torchvision.models.vit_b_32(image_size=64)\nnet.conv_proj = nn.Conv2d(1, 768, 32, 32)\nnet.heads = nn.Identity()", 768, 1, False),
    "a model that flattens at its end": ("net = torchvision.models.squeezenet1_1()\nnet.classifier = nn.Identity()", 512 * 3 * 3, 3, True),
    "all layers of a classifier but the last": ("net = torchvision.models.alexnet()\nnet.classifier = nn.Sequential(*list(net.classifier.children())[:-1])", 4096, 3, True),
    "reset_classifier to nothing": ("net = timm.create_model('resnet18')\nnet.reset_classifier(0)", 512, 3, True),
    "reset_classifier to another number": ("net = timm.create_model('resnet18')\nnet.reset_classifier(40)", 40, 3, True),
    "the last layer inside a head": ("net = timm.create_model('regnetx_002')\nnet.head.fc = nn.Identity()", 368, 3, True),
}  # fmt: skip
