"""Small Hydra projects, each as its files by name and the command lines with which it is started."""

from __future__ import annotations

PROJECTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "groups with a default each": (
        {
            "main.yaml": "defaults:\n  - backbone: resnet18\n  - head: mlp\n  - _self_\nepochs: 90\n",
            "backbone/resnet18.yaml": "name: resnet18\nwidth: 512\n",
            "backbone/resnet50.yaml": "name: resnet50\nwidth: 2048\n",
            "head/mlp.yaml": "hidden: 1024\nout: 128\ntaken: ${backbone.width}\n",
            "head/linear.yaml": "out: 96\n",
        },
        ["", "backbone=resnet50", "backbone=resnet50 head=linear head.out=64", "~head"],
    ),
    "the config itself first": (
        {
            "main.yaml": "defaults:\n  - _self_\n  - optimizer: lars\noptimizer:\n  rate: 9\n  nesterov: true\n",
            "optimizer/lars.yaml": "rate: 0.2\nmomentum: 0.9\n",
        },
        ["", "optimizer.rate=3"],
    ),
    "no defaults list": (
        {"main.yaml": "sizes: {taken: 2048, hidden: 4096}\nlist: [1, 2]\n"},
        ["", "sizes.taken=512", "+sizes.out=256", "list=[3]"],
    ),
    "experiments": (
        {
            "main.yaml": "defaults:\n  - data: cifar\n  - model: byol\n  - experiment: null\n  - _self_\nseed: 1\n",
            "data/cifar.yaml": "size: 32\n",
            "data/stl.yaml": "size: 96\nworkers: 4\n",
            "model/byol.yaml": "width: 512\nhead: {out: 128}\n",
            "model/moco.yaml": "width: 2048\nqueue: 4096\n",
            "experiment/wide.yaml": (
                "# @package _global_\ndefaults:\n  - override /data: stl\n  - override /model: moco\nseed: 8\n"
                "model:\n  queue: 8192\n"
            ),
            "experiment/long.yaml": "# @package _global_\nseed: 5\nmodel:\n  head:\n    out: 64\n",
        },
        ["", "experiment=wide", "experiment=long", "experiment=wide model.queue=16"],
    ),
    "one group in two places": (
        {
            "main.yaml": "defaults:\n  - net@online: small\n  - net@target: large\n  - _self_\n",
            "net/small.yaml": "width: 384\n",
            "net/large.yaml": "width: 768\nheads: 12\n",
        },
        ["", "net@target=small", "net@online=large online.width=1"],
    ),
    "defaults of a group": (
        {
            "main.yaml": "defaults:\n  - model: simsiam\n  - _self_\n",
            "model/simsiam.yaml": (
                "defaults:\n  - backbone: vit\n  - /loss: cosine\n  - _self_\n"
                "projector: {dim: 2048}\nbackbone: {drop: 0.1}\n"
            ),
            "model/backbone/vit.yaml": "width: 384\ndrop: 0.0\n",
            "model/backbone/cnn.yaml": "width: 512\n",
            "loss/cosine.yaml": "axis: -1\n",
        },
        ["", "model/backbone=cnn", "model/backbone=cnn model.projector.dim=8"],
    ),
    "packages in headers": (
        {
            "main.yaml": "defaults:\n  - head: wide\n  - trainer: gpu\n  - _self_\nname: x\n",
            "head/wide.yaml": "# @package model.head\nhidden: 4096\n",
            "trainer/gpu.yaml": "# @package _global_\nprecision: 16\ntrainer: {devices: 2}\n",
        },
        ["", "model.head.hidden=12", "+trainer.nodes=2"],
    ),
    "a list of choices": (
        {
            "main.yaml": "defaults:\n  - transforms: [crop, flip]\n  - _self_\n",
            "transforms/crop.yaml": "crop: {size: 224}\n",
            "transforms/flip.yaml": "flip: {p: 0.5}\n",
            "transforms/blur.yaml": "blur: {sigma: [0.1, 2.0]}\n",
        },
        ["", "transforms=[blur]", "transforms=[crop,blur] transforms.crop.size=96"],
    ),
    "what is optional": (
        {
            "main.yaml": (
                "defaults:\n  - model: byol\n  - optional local: mine\n"
                "  - optional model_data: ${model}_stl\n  - _self_\n"
            ),
            "model/byol.yaml": "width: 512\n",
            "model/swav.yaml": "width: 128\n",
            "model_data/byol_stl.yaml": "crop: 96\n",
        },
        ["", "model=swav"],
    ),
    "choices that make a name": (
        {
            "main.yaml": "defaults:\n  - data: cifar\n  - size: small\n  - preset: ${data}_${size}\n  - _self_\n",
            "data/cifar.yaml": "classes: 10\n",
            "data/imagenet.yaml": "classes: 1000\n",
            "size/small.yaml": "width: 384\n",
            "size/base.yaml": "width: 768\n",
            "preset/cifar_small.yaml": "epochs: 800\n",
            "preset/cifar_base.yaml": "epochs: 400\n",
            "preset/imagenet_small.yaml": "epochs: 100\n",
        },
        ["", "size=base", "data=imagenet"],
    ),
    "a base config": (
        {
            "main.yaml": "defaults:\n  - base\n  - common/paths\n  - _self_\nhead: {out: 64}\nrate: null\n",
            "base.yaml": "defaults:\n  - head: mlp\n  - _self_\nhead: {hidden: 512}\nrate: 0.3\n",
            "common/paths.yaml": "data: /data\n",
            "head/mlp.yaml": "hidden: 4096\nout: 256\nlayers: [a, b]\n",
        },
        ["", "head.layers=[c]", "rate=1e-3", "common.data=/tmp"],
    ),
    "packages relative to a group": (
        {
            "main.yaml": "defaults:\n  - model: outer\n  - _self_\n",
            "model/outer.yaml": (
                "defaults:\n  - part@inner: one\n  - /shared@: two\n  - part@_here_: three\n  - _self_\nx: 1\n"
            ),
            "model/part/one.yaml": "dim: 10\n",
            "model/part/three.yaml": "depth: 30\n",
            "shared/two.yaml": "y: 20\n",
        },
        ["", "model.inner.dim=5"],
    ),
    "deep groups": (
        {
            "main.yaml": (
                "defaults:\n  - model/heads/projection: mlp\n  - model/heads/prediction: none\n  - _self_\n"
                "model: {name: n}\n"
            ),
            "model/heads/projection/mlp.yaml": "hidden: 2048\n",
            "model/heads/projection/linear.yaml": "{}\n",
            "model/heads/prediction/none.yaml": "kind: none\n",
            "model/heads/prediction/mlp.yaml": "kind: mlp\nhidden: 512\n",
        },
        ["", "model/heads/projection=linear", "model/heads/prediction=mlp model.heads.prediction.hidden=7"],
    ),
    "anchors, merges and keys that are no words": (
        {
            "main.yaml": (
                "defaults:\n  - net: a\n  - _self_\ncommon: &c {width: 64, depth: 2}\nleft:\n  <<: *c\n  depth: 3\n"
                "right: *c\n'1': one\non: yes\n"
            ),
            "net/a.yaml": "x: &s [1, 2]\ny: *s\n",
        },
        ["", "left.width=8", "net.y=[5]"],
    ),
    "Hydra's own settings and a search": (
        {
            "main.yaml": (
                "defaults:\n  - head: one\n  - override hydra/job_logging: disabled\n  - _self_\n"
                "hydra:\n  run: {dir: out}\n  sweeper:\n    params:\n      head: one,two\nwidth: 512\n"
            ),
            "head/one.yaml": "out: 64\n",
            "head/two.yaml": "out: 32\nbias: false\n",
        },
        ["", "head=two", "width=640 hydra.run.dir=x"],
    ),
    "an experiment that overrides a package": (
        {
            "main.yaml": "defaults:\n  - enc@model.online: r18\n  - enc@model.target: r18\n  - _self_\n",
            "enc/r18.yaml": "width: 512\nname: r18\n",
            "enc/r50.yaml": "width: 2048\nname: r50\n",
            "experiment/big.yaml": (
                "# @package _global_\ndefaults:\n  - override /enc@model.online: r50\n  - _self_\nmodel:\n  tau: 0.99\n"
            ),
        },
        ["", "+experiment=big", "+experiment=big enc@model.target=r50 model.online.width=3"],
    ),
}
