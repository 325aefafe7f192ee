"""A script is interpreted as if run without arguments: with the defaults of its parser, or unknown values."""

from __future__ import annotations

import pytest

from tests.python.features import IMPORTS
from tests.python.test_features import serious

MODEL = """
class Model(nn.Module):
    def __init__(self, arch, width):
        super().__init__()
        self.encoder = arch
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(width, 1024), nn.ReLU(), nn.Linear(1024, 256))

    def forward(self, x):
        return self.projector(self.encoder(x))
"""
PARSER = "import argparse\nparser = argparse.ArgumentParser()\n"
BUILD = "model = Model(torchvision.models.resnet18(), args.width)\n"

KNOWN = {
    "a default": PARSER + "parser.add_argument('--width', default=777)\nargs = parser.parse_args()\n" + BUILD,
    "a text with its type": PARSER
    + "parser.add_argument('--width', default='777', type=int)\nargs = parser.parse_args()\n"
    + BUILD,
    "a short name first": PARSER
    + "parser.add_argument('-w', '--width', default=777)\nargs = parser.parse_args()\n"
    + BUILD,
    "a dash in the name": PARSER
    + "parser.add_argument('--the-width', default=777)\nargs = parser.parse_args()\n"
    + BUILD.replace("args.width", "args.the_width"),
    "dest": PARSER + "parser.add_argument('--hidden', dest='width', default=777)\nargs = parser.parse_args()\n" + BUILD,
    "a group": PARSER
    + "group = parser.add_argument_group('model')\ngroup.add_argument('--width', default=777)\n"
    + "args, rest = parser.parse_known_args()\n"
    + BUILD,
    "set_defaults": PARSER + "parser.set_defaults(width=777)\nargs = parser.parse_args()\n" + BUILD,
    "a parent": PARSER
    + "parser.add_argument('--width', default=777)\n"
    + "args = argparse.ArgumentParser(parents=[parser]).parse_args()\n"
    + BUILD,
    "vars": PARSER
    + "parser.add_argument('--width', default=777)\nargs = vars(parser.parse_args())\n"
    + BUILD.replace("args.width", "args['width']"),
    "set after parsing": PARSER
    + "parser.add_argument('--width', default=512)\nargs = parser.parse_args()\nargs.width = 777\n"
    + BUILD,
    "a worker that is spawned": PARSER
    + "parser.add_argument('--width', default=777)\nargs = parser.parse_args()\n"
    + "def worker(rank, args):\n    "
    + BUILD
    + "torch.multiprocessing.spawn(worker, args=(args,), nprocs=2)\n",
    "a command line without options": PARSER
    + "parser.add_argument('data')\nparser.add_argument('--width', default=777)\n"
    + "args = parser.parse_args(['images'])\n"
    + BUILD,
    "a blank command line": PARSER
    + "parser.add_argument('data')\nparser.add_argument('--width', default=777)\nargs = parser.parse_args(' ')\n"
    + BUILD,
    "a model by name": PARSER
    + "parser.add_argument('--arch', default='resnet18')\nargs = parser.parse_args()\n"
    + "model = Model(torchvision.models.__dict__[args.arch](), 777)\n",
    "a model by vars()": "model = Model(vars(torchvision.models)['resnet18'](), 777)\n",
}
KNOWN["a command line that is written out"] = (
    PARSER + "parser.add_argument('-w', '--width', type=int, default=512)\n"
    "args = parser.parse_args(['--width', '777'])\n" + BUILD
)
UNKNOWN = {
    "one that must be given": PARSER
    + "parser.add_argument('--width', required=True, default=777)\nargs = parser.parse_args()\n"
    + BUILD,
    "one that always is given": PARSER
    + "parser.add_argument('width', type=int, default=777)\nargs = parser.parse_args()\n"
    + BUILD,
    "a command line with options": PARSER
    + "parser.add_argument('-w', '--width', default=777)\nargs = parser.parse_args(['-w', '512'])\n"
    + BUILD,
    "an option that is a variable": PARSER
    + "parser.add_argument('--width', default=777)\nargs = parser.parse_args([word])\n"
    + BUILD,
    "no default": PARSER + "parser.add_argument('--width', type=int)\nargs = parser.parse_args()\n" + BUILD,
    "None": PARSER + "parser.add_argument('--width', default=None)\nargs = parser.parse_args()\n" + BUILD,
    "an option of which nothing is seen": PARSER + "args = parser.parse_args()\n" + BUILD,
    "set to what is unknown": PARSER
    + "parser.add_argument('--width', default=777)\nargs = parser.parse_args()\nargs.width = load()\n"
    + BUILD,
    "a switch": PARSER
    + "parser.add_argument('--wide', action='store_true')\nargs = parser.parse_args()\n"
    + "model = Model(torchvision.models.resnet18(), 777 if args.wide else 512)\n",
    "a model by a name that is unknown": "model = Model(torchvision.models.__dict__[name](), 777)\n",
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_option_is_followed(name: str) -> None:
    (finding,) = serious(IMPORTS + MODEL + KNOWN[name])
    assert (finding.code, finding.role, finding.expected, finding.actual) == ("SL101", "projector", 777, 512)


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_finding_with_an_unknown_option_is_not_reported(name: str) -> None:
    assert serious(IMPORTS + MODEL + UNKNOWN[name]) == []


def test_a_switch_that_is_not_given_is_off() -> None:
    code = UNKNOWN["a switch"].replace("777 if args.wide else 512", "512 if args.wide else 777")
    (finding,) = serious(IMPORTS + MODEL + code)
    assert (finding.expected, finding.actual) == (777, 512)


def test_the_rest_of_a_model_with_an_unknown_backbone_is_checked() -> None:
    code = (
        MODEL.replace("        self.encoder.fc = nn.Identity()\n", "")
        .replace("nn.Linear(1024, 256))", "nn.Linear(1024, 256))\n        self.predictor = nn.Linear(128, 256)")
        .replace("return self.projector(self.encoder(x))", "return self.predictor(self.projector(self.encoder(x)))")
    )
    (finding,) = serious(IMPORTS + code)
    assert (finding.code, finding.role, finding.expected, finding.actual) == ("SL101", "predictor", 128, 256)
