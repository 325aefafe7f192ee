"""What is not known costs the words "All clear", whatever it is and wherever it stands; what changes no shape does not.

Scripts and configs that fit are changed at random, with fixed seeds. Nothing of them is run.
"""

# ruff: noqa: E501
from __future__ import annotations

import random

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.report import render
from shapelint.resolve.options import Options
from shapelint.spec.findings import Report
from shapelint.text.source import Source

START = """\
import os
import torch
from torch import nn
import torch.nn.functional as F
from torchvision.models import resnet18
from lightly.loss import NegativeCosineSimilarity
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
"""
LIBRARY = """\
{top}
class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        resnet = resnet18()
        self.backbone = nn.Sequential(*list(resnet.children())[:-1])
        self.projection_head = BYOLProjectionHead({width}, 1024, {out})
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)
        self.criterion = NegativeCosineSimilarity()
        {init}

    def forward(self, x):
        f = {feats}
        {forward}
        z = self.projection_head(f)
        return self.prediction_head(z), z.detach()

    def training_step(self, batch, index):
        (x0, x1), _ = batch
        p0, z0 = self.forward(x0)
        p1, z1 = self.forward(x1)
        {step}
        return self.criterion(p0, {operand}) + self.criterion(p1, z0)
{end}
"""
LAYERS = """\
{top}
class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = nn.Sequential(nn.Linear({width}, 1024), nn.BatchNorm1d(1024), nn.ReLU(), nn.Linear(1024, {out}))
        self.prediction_head = nn.Sequential(nn.Linear(256, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 256))
        self.criterion = NegativeCosineSimilarity()
        {init}

    def forward(self, x):
        f = {feats}
        {forward}
        z = self.projection_head(f)
        return self.prediction_head(z), z.detach()

model = BYOL()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for (x0, x1), _ in torch.utils.data.DataLoader(torch.utils.data.Dataset(), batch_size=8):
    p0, z0 = model(x0)
    p1, z1 = model(x1)
    {step}
    loss = model.criterion(p0, {operand}) + model.criterion(p1, z0)
    loss.backward()
{end}
"""
SCRIPTS = {"library": START + LIBRARY, "layers": START + LAYERS}
FITTING = {
    "top": "", "width": "512", "out": "256", "init": "pass", "feats": "self.backbone(x).flatten(1)", "forward": "pass",
    "step": "pass", "operand": "z1", "end": "",
}  # fmt: skip

Change = dict[str, str]
"""Text by the place of a script where it is put."""

UNKNOWN: dict[str, Change] = {
    'env': {'width': 'int(os.environ["W"])'},
    'imported number': {'top': 'from project.settings import WIDTH', 'width': 'WIDTH'},
    'absent YAML file': {'top': "import yaml\ncfg = yaml.safe_load(open('missing.yaml'))", 'width': "cfg['w']"},
    'absent JSON file': {'top': "import json\ncfg = json.load(open('missing.json'))", 'width': "cfg['w']"},
    'eval': {'top': 'from p import q', 'width': 'eval(q)'},
    'argv': {'top': 'import sys', 'width': 'int(sys.argv[1])'},
    'required option': {'top': "import argparse\nap = argparse.ArgumentParser()\nap.add_argument('--w', type=int, required=True)\nargs = ap.parse_args()", 'width': 'args.w'},
    'input': {'width': 'int(input())'},
    'output': {'out': 'int(os.environ["W"])'},
    'stored number': {'width': 'torch.load("w.pt")["width"]'},
    'function of a map': {'top': 'from p import mystery', 'feats': 'mystery(self.backbone(x))'},
    'function of features': {'top': 'from p import mystery', 'forward': 'f = mystery(f)'},
    'method of a tensor': {'feats': 'self.backbone(x).strange(1)'},
    'method of a network': {'feats': 'self.backbone.strange_features(x)'},
    'network': {'top': 'import mystery', 'init': 'self.backbone = mystery.build()'},
    'converted network': {'top': 'import mystery', 'init': 'self.backbone = mystery.convert(self.backbone)'},
    'patched network': {'top': 'import mystery', 'init': 'mystery.patch(self.backbone)'},
    'patched model': {'top': 'import mystery', 'init': 'mystery.patch(self)'},
    'patched head': {'top': 'import mystery', 'init': 'mystery.surgery(self.projection_head)'},
    'hook of a backbone': {'top': 'import mystery', 'init': 'self.backbone.register_forward_hook(mystery.hook)'},
    'hook of a head': {'top': 'import mystery', 'init': 'self.projection_head.register_forward_hook(mystery.hook)'},
    'hook before a head': {'top': 'import mystery', 'init': 'self.projection_head.register_forward_pre_hook(mystery.hook)'},
    'exec in a constructor': {'init': "exec(open('patch.py').read())"},
    'exec at the end': {'end': "exec(open('patch.py').read())"},
    'exec at the start': {'top': "exec(open('patch.py').read())"},
    'attribute of the model': {'top': 'import mystery', 'init': 'setattr(self, mystery.name, nn.Linear(3, 4))'},
    'attribute of the backbone': {'top': 'import mystery', 'init': 'setattr(self.backbone, mystery.name, nn.Linear(3, 4))'},
    'last layer': {'top': 'import mystery', 'init': 'self.backbone = nn.Sequential(self.backbone, mystery.Pool())'},
    'last layer of a head': {'top': 'import mystery', 'init': 'self.projection_head = nn.Sequential(self.projection_head, mystery.Pool())'},
    'layers': {'top': 'import mystery', 'init': 'self.projection_head = nn.Sequential(*mystery.layers())'},
    'more layers': {'top': 'import mystery', 'init': 'self.prediction_head = nn.Sequential(nn.Linear(256,256), *mystery.layers())'},
    'operand that is passed in': {'top': 'import mystery', 'operand': 'mystery.queue()'},
    'changed operand': {'top': 'import mystery', 'operand': 'mystery(z1)'},
    'both operands': {'top': 'import mystery', 'step': 'p0 = mystery.x(p0); z1 = mystery.x(z1)'},
    'all operands at once': {'top': 'import mystery', 'step': 'p0, p1, z0, z1 = mystery.x(p0, p1, z0, z1)'},
    'all operands one by one': {'top': 'import mystery', 'step': 'p0, p1, z0, z1 = [mystery.x(v) for v in (p0, p1, z0, z1)]'},
    'budget': {'top': 'w = 0\nfor i in range(400):\n    for j in range(400):\n        w += i * j % 2\n', 'width': 'w'},
    'end of a slice': {'top': 'import mystery', 'forward': 'f = f[:, :mystery.k]'},
    'mask': {'top': 'import mystery', 'forward': 'f = f[:, mystery.mask]'},
    'size of a view': {'top': 'import mystery', 'forward': 'f = f.view(-1, mystery.k)'},
    'branch that cuts': {'top': 'import mystery', 'forward': 'f = f if mystery.flag else f[:, :100]'},
    'branch with another width': {'top': 'import mystery', 'init': 'self.projection_head = BYOLProjectionHead(100 if mystery.flag else 512, 10, 256)'},
    'branch with a network': {'top': 'import mystery', 'init': 'self.backbone = resnet18() if mystery.flag else mystery.net()'},
    'branch with a head': {'top': 'import mystery', 'init': 'if mystery.flag: self.projection_head = mystery.Head()'},
    'base class': {'top': 'from mystery import Base\nclass Head(Base):\n    pass\n', 'init': 'self.projection_head = Head(512, 256)'},
    'method by its name': {'top': 'import mystery', 'feats': 'getattr(self.backbone, mystery.name)(x)'},
    'element of a list': {'top': 'import mystery', 'init': 'self.projection_head = nn.ModuleList([nn.Linear(512, 256), nn.Linear(100, 256)])[mystery.i]'},
    'entry of a dict': {'top': 'import mystery', 'init': "self.projection_head = {'a': nn.Linear(512, 256), 'b': nn.Linear(100, 256)}[mystery.i]"},
    'forward of a head': {'top': 'import mystery', 'init': 'self.projection_head.forward = mystery.forward'},
    'forward of a class': {'top': 'import mystery\nBYOLProjectionHead.forward = mystery.forward'},
    'applied function': {'top': 'import mystery', 'init': 'self.apply(mystery.shrink)'},
    'extracted features': {'top': 'import torch.fx as fx, mystery', 'init': "self.backbone = mystery.extract(self.backbone, {'a': 1})"},
    'endless layers': {'top': 'import mystery', 'init': 'while mystery.more(): self.backbone = nn.Sequential(self.backbone, nn.Conv2d(512, 64, 1))'},
    'loss': {'top': 'import mystery', 'init': 'self.criterion = mystery.Loss()'},
    'module by its name': {'top': 'import importlib, mystery\nm = importlib.import_module(mystery.name)', 'init': 'self.projection_head = m.Head(512)'},
    'joined tensor': {'top': 'import mystery', 'forward': 'f = torch.cat([f, mystery.extra()], 1)'},
    'matrix': {'top': 'import mystery', 'forward': 'f = f @ mystery.weight'},
    'axis that is reduced': {'top': 'import mystery', 'forward': 'f = f.unsqueeze(1).mean(mystery.dim)'},
    'axis that is moved': {'top': 'import mystery', 'forward': 'f = f.unsqueeze(-1).transpose(1, mystery.dim)'},
    'added layers': {'top': 'import mystery', 'init': 'for c in mystery.sizes: self.projection_head.add_module(str(c), nn.Linear(c, c))'},
    'repeated layers': {'top': 'import mystery', 'init': 'self.projection_head = nn.Sequential(*[nn.Linear(512, 512) for _ in range(mystery.n)], nn.Linear(512, 256))'},
    'scripted network': {'top': 'import mystery', 'init': "self.backbone = torch.jit.load('x.pt')"},
    'class of either package': {'top': 'import mystery\ntry:\n    from project.a import Head\nexcept ImportError:\n    from project.b import Head', 'init': 'self.projection_head = Head(512)'},
    'mapping': {'top': 'from project.settings import SIZES', 'init': 'self.projection_head = BYOLProjectionHead(**SIZES)'},
    'sequence': {'top': 'from project.settings import SIZES', 'init': 'self.projection_head = BYOLProjectionHead(*SIZES)'},
    'padding': {'top': 'import mystery', 'feats': 'F.pad(self.backbone(x).flatten(1), mystery.pad)'},
}  # fmt: skip
"""What cannot be known, by what it is."""

NEUTRAL: dict[str, Change] = {
    'seed': {'top': 'import random, numpy as np\nrandom.seed(0); np.random.seed(0); torch.manual_seed(0); torch.cuda.manual_seed_all(0)\ntorch.backends.cudnn.deterministic = True'},
    'wandb': {'top': "import wandb\nwandb.init(project='x', config={'lr': 1})", 'step': "wandb.log({'loss': 1})", 'init': 'wandb.watch(self)'},
    'plt': {'top': 'import matplotlib.pyplot as plt', 'step': "plt.plot([1, 2]); plt.savefig('a.png')"},
    'plt2': {'top': 'import matplotlib.pyplot as plt\nfig, ax = plt.subplots(1, 2)', 'step': 'ax[0].imshow(x0[0].permute(1, 2, 0).cpu().numpy())'},
    'environ': {'top': "os.environ['CUDA_VISIBLE_DEVICES'] = '0'\ndevice = os.environ.get('DEVICE', 'cpu')"},
    'tqdm': {'end': "from tqdm import tqdm\nfor i in tqdm(range(3), desc='x'):\n    pass"},
    'annotations': {'top': "from typing import Optional, Tuple\nfrom jaxtyping import Float\nx: Optional[Tuple[int, ...]] = None\nSize = Float[torch.Tensor, 'b c']"},
    'prints': {'forward': 'print(f.shape, f.size(0), x.shape)'},
    'assert': {'forward': 'assert f.shape[1] == 512'},
    'assert2': {'forward': "assert f.ndim == 2, f'bad {f.shape}'"},
    'assert3': {'forward': 'assert x.dim() == 4 and x.size(1) == 3'},
    'logging': {'top': 'import logging\nlogging.basicConfig(level=logging.INFO)\nlog = logging.getLogger(__name__)', 'forward': "log.info('features %s', f.shape)"},
    'loguru': {'top': 'from loguru import logger', 'forward': "logger.debug(f'{f.shape}')"},
    'rich': {'top': 'from rich.console import Console\nconsole = Console()', 'step': 'console.print(p0.shape)'},
    'tensorboard': {'top': "from torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter('runs')", 'step': "writer.add_scalar('a', 1, 2); writer.add_histogram('z', z0, 1)"},
    'params': {'init': 'print(sum(p.numel() for p in self.parameters()))'},
    'grad': {'init': 'for p in self.backbone.parameters():\n            p.requires_grad = False'},
    'device': {'init': "self.to('cuda' if torch.cuda.is_available() else 'cpu')"},
    'compile': {'end': 'net = torch.compile(BYOL())'},
    'dp': {'end': 'net = nn.DataParallel(BYOL())'},
    'init': {'init': 'for m in self.modules():\n            if isinstance(m, nn.Linear):\n                nn.init.xavier_uniform_(m.weight)'},
    'summary': {'top': 'from torchinfo import summary', 'end': 'summary(BYOL(), (1, 3, 32, 32))'},
    'autocast': {'forward': "with torch.autocast('cuda'):\n            f = f * 1.0"},
    'dropout': {'forward': 'f = F.dropout(f, 0.1, self.training)'},
    'norm': {'forward': 'f = F.normalize(f, dim=1)'},
    'warnings': {'top': "import warnings\nwarnings.filterwarnings('ignore')"},
    'time': {'top': 'import time\nstart = time.time()', 'step': 'print(time.time() - start)'},
    'timer': {'top': 'from contextlib import contextmanager\n@contextmanager\ndef timer():\n    yield', 'forward': 'with timer():\n            f = f + 0'},
    'save': {'end': "torch.save(BYOL().state_dict(), 'x.pt')"},
    'sched': {'end': 'm = BYOL()\nopt = torch.optim.Adam(m.parameters())\nsched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)\nsched.step()'},
    'lightly sched': {'top': 'from lightly.utils.scheduler import cosine_schedule', 'step': 'm = cosine_schedule(1, 10, 0.99, 1)'},
    'mlflow': {'top': "import mlflow\nmlflow.set_experiment('x')", 'step': "mlflow.log_metric('a', 1)"},
    'hist': {'init': 'self.history = []', 'step': 'hist = []; hist.append(p0.mean().item())'},
    'std': {'step': 'std = torch.std(F.normalize(p0, dim=1), 0).mean(); print(std)'},
    'amp': {'top': 'scaler = torch.cuda.amp.GradScaler()', 'step': 'scaler.update()'},
    'ddp': {'top': 'import torch.distributed as dist\nif dist.is_available() and dist.is_initialized():\n    dist.barrier()'},
    'docstring': {'init': "'doc'"},
    'version': {'top': "__version__ = '1'\nassert torch.__version__ >= '2'"},
    'csv': {'top': "import csv\nwith open('log.csv', 'w') as fh:\n    csv.writer(fh).writerow([1])"},
    'knn': {'top': 'from sklearn.neighbors import KNeighborsClassifier\nknn = KNeighborsClassifier()'},
    'early': {'top': 'import sys\nprint(sys.argv, sys.version_info)'},
    'path': {'top': "from pathlib import Path\nPath('out').mkdir(exist_ok=True)\nprint([p for p in Path('.').glob('*.py')])"},
    'datetime': {'top': "from datetime import datetime\nrun = datetime.now().strftime('%Y')"},
    'signal': {'top': 'import signal, atexit\natexit.register(print)'},
    'hydra deco': {'end': 'import hydra\n@hydra.main(version_base=None)\ndef main(cfg):\n    print(cfg)'},
    'freeze': {'init': 'freeze_bn = lambda m: m.eval()\n        freeze_bn(self.backbone)'},
    'grad clip': {'end': 'torch.nn.utils.clip_grad_norm_(BYOL().parameters(), 1.0)'},
    'profile': {'top': 'from torch.profiler import profile', 'step': 'profile()'},
    'ema metric': {'top': 'from torchmetrics import MeanMetric', 'init': 'self.metric = MeanMetric()', 'step': 'm = MeanMetric(); m.update(1)'},
    'thop': {'top': 'from thop import profile', 'end': 'profile(BYOL(), inputs=(torch.randn(2, 3, 32, 32),))'},
    'sync': {'end': 'net = nn.SyncBatchNorm.convert_sync_batchnorm(BYOL())'},
    'umap': {'top': 'import umap', 'step': 'umap.UMAP().fit_transform(p0.detach().cpu().numpy())'},
    'pbar': {'top': 'from tqdm.auto import tqdm', 'step': 'bar = tqdm(total=3); bar.update(1); bar.set_postfix(loss=1)'},
    'accelerate': {'top': 'from accelerate import Accelerator\naccelerator = Accelerator()', 'end': 'net = accelerator.prepare(BYOL())'},
    'neptune': {'top': 'import neptune\nrun = neptune.init_run()', 'step': "run['loss'].append(1)"},
    'aim': {'top': 'from aim import Run\nrun = Run()', 'step': "run.track(1, name='x')"},
    'clearml': {'top': "from clearml import Task\ntask = Task.init(project_name='a', task_name='b')"},
    'comet': {'top': 'from comet_ml import Experiment\nexp = Experiment()', 'step': "exp.log_metric('a', 1)"},
    'psutil': {'top': 'import psutil\nprint(psutil.virtual_memory())'},
    'fire': {'end': 'import fire\ndef cli(lr=1):\n    print(lr)\nfire.Fire(cli)'},
}  # fmt: skip
"""What changes no shape."""

CONFIG = """\
method: byol
input: [3, 224, 224]
backbone: resnet18
projection_head: {_target_: lightly.models.modules.BYOLProjectionHead, input_dim: 512, hidden_dim: 1024, output_dim: 256}
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""
IN_CONFIG = [
    ("resnet18", "${oc.env:ARCH}"),
    ("resnet18", "my.models.Trunk()"),
    ("resnet18", "mystery_net"),
    ("resnet18", "torchvision.models.resnet18(**${options})"),
    ("resnet18", "[torchvision.models.resnet18(num_classes=512), my.Pool()]"),
    ("resnet18", "{_target_: my.models.Trunk, depth: 3}"),
    ("input_dim: 512", "input_dim: ${oc.env:WIDTH}"),
    ("input_dim: 512", "input_dim: ${model.missing}"),
    ("output_dim: 256", "output_dim: ${oc.env:WIDTH}"),
    ("lightly.models.modules.BYOLProjectionHead", "my.heads.Projector"),
    ("BYOLPredictionHead(256, 1024, 256)", "BYOLPredictionHead(*${sizes})"),
    ("BYOLPredictionHead(256, 1024, 256)", "my.heads.Predictor(256)"),
    ("BYOLPredictionHead(256, 1024, 256)", "{hidden_dim: 512, output_dim: 256}"),
    ("BYOLPredictionHead(256, 1024, 256)", "true"),
    ("BYOLPredictionHead(256, 1024, 256)", "512-256"),
    ("method: byol", "method: my_own_method"),
    ("method: byol", "method: byol\nloss: my.losses.Regression()"),
]
"""Parts of the config, each with what cannot be known in its place."""
BESIDE = [
    "trainer: {max_epochs: 100, accelerator: gpu, devices: 2}", "seed: 12", "logger: {project: byol, entity: team}",
    "optimizer: {name: sgd, lr: 0.06, momentum: 0.9}", "num_workers: 8", "wandb: {mode: offline}", "# a remark",
    "data: {root: ./data, augmentation: {jitter: 0.4, blur: true}}", "precision: 16-mixed", "ckpt_every: 10",
]  # fmt: skip
"""Settings of a run that change no shape."""


def report(text: str, path: str = "train.py") -> Report:
    return Report((lint_source(Source(path, text), Options()),))


def script(name: str, *changes: Change) -> str:
    """A script with all of the changes; those at one place stand one after another."""
    together = dict(FITTING)
    for change in changes:
        for place, text in change.items():
            before = together[place]
            both = {"top": "\n", "end": "\n", "init": "\n        ", "forward": "\n        ", "step": "; "}
            is_first = before in ("", "pass") or place not in both
            together[place] = text if is_first else f"{before}{both[place]}{text}"
    return SCRIPTS[name].format(**together)


def is_clear(found: Report) -> bool:
    return "All clear" in render(found, "text")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_clear_as_they_are(name: str) -> None:
    assert is_clear(report(script(name)))


@pytest.mark.parametrize("what", UNKNOWN)
@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_unknown_costs_the_all_clear(name: str, what: str) -> None:
    found = report(script(name, UNKNOWN[what]))
    (file,) = found.files
    assert not is_clear(found)
    assert [f.message for f in file.findings if f.severity == "error"] == []
    for link in (link for model in file.models for link in model.unchecked):
        assert link.reason != "what comes into it is not known"
        assert not link.reason.startswith("the width of what")


@pytest.mark.parametrize("what", NEUTRAL)
@pytest.mark.parametrize("name", SCRIPTS)
def test_what_changes_no_shape_does_not_cost_it(name: str, what: str) -> None:
    assert is_clear(report(script(name, NEUTRAL[what])))


@pytest.mark.parametrize("seed", range(40))
def test_the_same_holds_of_several_at_once(seed: int) -> None:
    chance = random.Random(seed)
    name = chance.choice(list(SCRIPTS))
    beside = [NEUTRAL[what] for what in chance.sample(list(NEUTRAL), 3)]
    unknown = UNKNOWN[chance.choice(list(UNKNOWN))]
    places = [place for change in beside for place in change]
    assert is_clear(report(script(name, *beside)))
    if not {*unknown} & {*places} & {"step", "init"}:
        assert not is_clear(report(script(name, *beside, unknown)))


def test_the_config_is_clear_as_it_is() -> None:
    assert is_clear(report(CONFIG, "model.yaml"))


@pytest.mark.parametrize(("known", "unknown"), IN_CONFIG)
def test_what_is_unknown_in_a_config_costs_the_all_clear(known: str, unknown: str) -> None:
    assert known in CONFIG
    assert not is_clear(report(CONFIG.replace(known, unknown, 1), "model.yaml"))


@pytest.mark.parametrize("seed", range(15))
def test_other_settings_of_a_run_do_not_cost_it(seed: int) -> None:
    chance = random.Random(seed)
    lines = CONFIG.splitlines()
    for line in chance.sample(BESIDE, 4):
        lines.insert(chance.randrange(len(lines) + 1), line)
    assert is_clear(report("\n".join(lines) + "\n", "model.yaml"))
