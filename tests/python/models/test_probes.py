"""Probes and evaluators beside a model: what takes its features is compared with their width, as torch does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

MODEL = """
import torch
from torch import nn
from lightly.models.modules import SimCLRProjectionHead


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 24, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = SimCLRProjectionHead(24, 32, 16)

    def forward(self, x):
        return self.projection_head(self.backbone(x))

"""
IMAGES = "images, labels = torch.randn(6, 3, 16, 16), torch.randint(5, (6,))\n"

PROBES = {
    "a layer of the script": (
        "model = SimCLR()\nmodel(images)\nprobe = nn.Linear({}, 5)\nprobe(model.backbone(images).detach())\n"
    ),
    "a class of the file": (
        "class Probe(nn.Module):\n    def __init__(self, features, classes=5):\n        super().__init__()\n"
        "        self.fc = nn.Linear(features, classes)\n\n    def forward(self, x):\n        return self.fc(x)\n\n\n"
        "def evaluate(model, images):\n    model.eval()\n    probe = Probe({})\n"
        "    with torch.no_grad():\n        features = model.backbone(images)\n    return probe(features)\n\n\n"
        "model = SimCLR()\nmodel(images)\nevaluate(model, images)\n"
    ),
    "lightly's online classifier": (
        "from lightly.utils.benchmarking import OnlineLinearClassifier\n"
        "model = SimCLR()\nmodel(images)\nprobe = OnlineLinearClassifier(feature_dim={}, num_classes=5)\n"
        "probe.training_step((model.backbone(images), labels), 0)\n"
    ),
    "lightly's online classifier by position": (
        "from lightly.utils.benchmarking import OnlineLinearClassifier\n"
        "model = SimCLR()\nmodel(images)\nprobe = OnlineLinearClassifier({}, 5)\nprobe(model.backbone(images))\n"
    ),
    "lightly's linear classifier": (
        "from lightly.utils.benchmarking import LinearClassifier\n"
        "model = SimCLR()\nmodel(images)\nprobe = LinearClassifier(model.backbone, 6, feature_dim={}, num_classes=5)\n"
        "probe.shared_step((images, labels), 0)\n"
    ),
    "lightly's classifier that trains the whole": (
        "from lightly.utils.benchmarking.linear_classifier import FinetuneClassifier\n"
        "model = SimCLR()\nmodel(images)\nprobe = FinetuneClassifier(model.backbone, 6, 0.1, {}, 5)\n"
        "probe(images)\n"
    ),
}
ARRAYS = (
    "import numpy as np\nfrom torch.utils.data import DataLoader, TensorDataset\nmodel = SimCLR()\nmodel(images)\n"
    "loader = DataLoader(TensorDataset(images, labels), batch_size=3)\n\n\n"
    "def features_of(net):\n    rows, numbers = [], []\n    for x, y in loader:\n        with torch.no_grad():\n"
    "            h = net.backbone(x)\n        {collect}\n        numbers.extend(y.numpy())\n"
    "    return {joined}, np.array(numbers)\n\n\n"
    "rows, numbers = features_of(model)\n"
    "held = TensorDataset(torch.from_numpy(rows), torch.from_numpy(numbers))\nprobe = nn.Linear({{}}, 5)\n"
    "for h, y in DataLoader(held, batch_size=2):\n    nn.functional.cross_entropy(probe(h), y).backward()\n"
)
PROBES["rows as arrays"] = ARRAYS.format(collect="rows.extend(h.cpu().detach().numpy())", joined="np.array(rows)")
PROBES["batches as arrays"] = ARRAYS.format(collect="rows.append(h.numpy())", joined="np.concatenate(rows, axis=0)")
PROBES["arrays on each other"] = ARRAYS.format(collect="rows.append(h.cpu().numpy())", joined="np.vstack(rows)")
PROBES["arrays of a half"] = ARRAYS.format(
    collect="rows += list(h.numpy().astype('float32'))", joined="np.stack(rows)[:2].copy()"
).replace("from_numpy(numbers)", "from_numpy(numbers[:2])")


def linted(folder: Path, text: str) -> FileReport:
    (folder / "train.py").write_text(text)
    (report,) = lint([folder / "train.py"], Settings(isolated=True)).files
    return report


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_of_another_width_is_an_error_with_its_repair(name: str, tmp_path: Path) -> None:
    text = MODEL + IMAGES + PROBES[name].format("32")
    (finding,) = linted(tmp_path, text).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 32, 24)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        exec(text, {"__name__": "training"})
    assert finding.fix is not None
    assert [edit.text for edit in finding.fix.edits] == ["24"]


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_of_the_right_width_is_a_checked_link(name: str, tmp_path: Path) -> None:
    text = MODEL + IMAGES + PROBES[name].format("24")
    report = linted(tmp_path, text)
    assert report.findings == ()
    assert all(model.links == model.checked for model in report.models)
    assert sum(model.links for model in report.models) >= 3
    exec(text, {"__name__": "training"})


def test_the_default_width_of_lightlys_classifier_is_written_where_it_is_left_out(tmp_path: Path) -> None:
    text = MODEL + IMAGES + PROBES["lightly's online classifier"].format("24").replace("feature_dim=24, ", "")
    (finding,) = linted(tmp_path, text).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 2048, 24)
    assert finding.fix is not None
    assert [edit.text for edit in finding.fix.edits] == [", feature_dim=24"]


def test_a_classifier_of_fewer_classes_than_lightly_ranks_stops(tmp_path: Path) -> None:
    text = MODEL + IMAGES + PROBES["lightly's online classifier"].format("24").replace("num_classes=5", "num_classes=3")
    with pytest.raises((RuntimeError, IndexError)):
        exec(text, {"__name__": "training"})


def test_what_takes_other_tensors_belongs_to_no_model(tmp_path: Path) -> None:
    text = MODEL + IMAGES + "model = SimCLR()\nmodel(images)\nnn.Linear(7, 5)(torch.randn(2, 7))\n"
    (model,) = linted(tmp_path, text).models
    assert model.links == 2


NOT_KNOWN = (
    "import unseen\nprobe = nn.Linear({}, 5)\nprobe(unseen.features_of(model))\n",
    "import numpy as np\nprobe = nn.Linear({}, 5)\nprobe(torch.from_numpy(np.load('features.npy')))\n",
)


@pytest.mark.parametrize("code", NOT_KNOWN)
def test_a_probe_of_features_that_are_not_known_is_an_unchecked_link(code: str, tmp_path: Path) -> None:
    text = MODEL + IMAGES + "model = SimCLR()\nmodel(images)\n" + code.format(24)
    (model,) = linted(tmp_path, text).models
    assert (model.links, model.checked) == (3, 2)


ALONE = """
import torch
from torch import nn
from torchvision.models import shufflenet_v2_x0_5


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = shufflenet_v2_x0_5(num_classes=24)

    def forward(self, x):
        return self.backbone(x)


"""
OF_NO_MODEL = {
    "a class": "encoder = Encoder()\nfeatures = torch.cat([encoder(images) for _ in range(2)])\n",
    "a variable": "backbone = shufflenet_v2_x0_5(num_classes=24)\nfeatures = backbone(images)\n",
}


@pytest.mark.parametrize("name", OF_NO_MODEL)
def test_a_probe_of_a_backbone_without_heads_is_compared_with_it(name: str, tmp_path: Path) -> None:
    images = IMAGES.replace("16, 16", "64, 64")
    for width, codes in ((24, []), (32, ["SL101"])):
        text = ALONE + images + OF_NO_MODEL[name] + f"probe = nn.Linear({width}, 5)\nprobe(features.detach())\n"
        report = linted(tmp_path, text)
        assert [finding.code for finding in report.findings] == codes
        (model,) = report.models
        assert (model.links, model.method) == (2, None)
        if codes:
            with pytest.raises(RuntimeError, match="mat1 and mat2"):
                exec(text, {"__name__": "training"})
        else:
            exec(text, {"__name__": "training"})


def test_a_backbone_alone_is_no_model(tmp_path: Path) -> None:
    assert linted(tmp_path, ALONE).models == ()
    assert linted(tmp_path, ALONE + IMAGES + OF_NO_MODEL["a class"]).models == ()


CALLBACK = """
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead


class SimCLR(pl.LightningModule):
    def __init__(self, width=24):
        super().__init__()
        self.save_hyperparameters()
        self.backbone = nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = SimCLRProjectionHead(width, 32, 16)
        self.criterion = NTXentLoss()

    def training_step(self, batch, index):
        one, two, _ = batch
        return self.criterion(self.projection_head(self.backbone(one)), self.projection_head(self.backbone(two)))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Evaluator(pl.Callback):
    def __init__(self, features, classes=5):
        self.features, self.classes = features, classes

    def on_fit_start(self, trainer, pl_module):
        pl_module.online = nn.Linear(self.features, self.classes)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        images, _, labels = batch
        with torch.no_grad():
            features = pl_module.backbone(images)
        nn.functional.cross_entropy(pl_module.online(features), labels)


def train(features):
    data = TensorDataset(torch.randn(8, 3, 16, 16), torch.randn(8, 3, 16, 16), torch.randint(5, (8,)))
    quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    trainer = pl.Trainer(max_steps=1, callbacks=[Evaluator(features)], accelerator="cpu", **quiet)
    trainer.fit(SimCLR(), DataLoader(data, batch_size=4))


"""


@pytest.mark.filterwarnings("ignore")
def test_a_callback_puts_an_evaluator_on_the_module_that_is_trained(tmp_path: Path) -> None:
    pytest.importorskip("pytorch_lightning")
    (finding,) = linted(tmp_path, CALLBACK + "train(40)\n").findings
    assert (finding.code, finding.role, finding.expected, finding.actual) == ("SL101", "online", 40, 24)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        exec(CALLBACK + "train(40)\n", {"__name__": "training"})
    right = linted(tmp_path, CALLBACK + "train(24)\n")
    assert right.findings == ()
    assert "online" in [link.role for link in right.models[0].chain]
    exec(CALLBACK + "train(24)\n", {"__name__": "training"})


CUT = """
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3)
        self.fc = nn.Linear(24, 10)

    def forward(self, x):
        return self.fc(self.stem(x).flatten(1))


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(Network().children())[:-1], nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = nn.Linear(24, 16)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


SimCLR()(torch.randn(2, 3, 16, 16))
"""


def test_the_end_of_a_network_that_was_cut_off_is_no_probe(tmp_path: Path) -> None:
    exec(CUT, {"__name__": "training"})
    report = linted(tmp_path, CUT)
    assert report.findings == ()
    assert [model.links for model in report.models] == [2]


BOLTS = (
    "z_dim={}, num_classes=5",
    "{}, num_classes=5",
    "dataset='cifar10', z_dim={}, num_classes=5",
    "z_dim={}, hidden_dim=9, num_classes=5",
)


@pytest.mark.parametrize("given", BOLTS)
@pytest.mark.parametrize(("width", "found"), [(32, [("SL101", 32, 24)]), (24, [])])
def test_the_online_evaluator_of_bolts_takes_what_the_module_gives(
    given: str, width: int, found: list[tuple[str, int, int]], tmp_path: Path
) -> None:
    text = "from pl_bolts.callbacks import SSLOnlineEvaluator\n" + CALLBACK.partition("class Evaluator")[0]
    text = text.replace(
        "    def training_step", "    def forward(self, x):\n        return self.backbone(x)\n\n    def training_step"
    )
    text += "loader = DataLoader(photos, batch_size=4)\n"
    text += f"pl.Trainer(callbacks=[SSLOnlineEvaluator({given.format(width)})]).fit(SimCLR(), loader)\n"
    report = linted(tmp_path, text.replace("import torch\n", "import torch\nfrom data import photos\n", 1))
    assert [(one.code, one.expected, one.actual) for one in report.findings] == found
