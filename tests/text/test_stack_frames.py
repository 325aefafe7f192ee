"""Tracebacks as they are pasted: of a terminal with colours, of notebooks, launchers, test runners and logs."""

from __future__ import annotations

import pytest

from shapelint.text.stack_frames import StackFrame, frames
from shapelint.text.terminal_text import without_sequences

COLOURED = """\
Traceback (most recent call last):
  File \x1b[35m"/home/u/proj/train.py"\x1b[0m, line \x1b[35m15\x1b[0m, in \x1b[35mforward\x1b[0m
    return self.predictor(\x1b[31mself.projector\x1b[0m\x1b[1;31m(self.encoder(x))\x1b[0m)
                          \x1b[31m~~~~~~~~~~~~~~\x1b[0m\x1b[1;31m^^^^^^^^^^^^^^^^^\x1b[0m
  File \x1b[35m"/usr/lib/python3.13/site-packages/torch/nn/modules/linear.py"\x1b[0m, line \x1b[35m134\x1b[0m, in \x1b[35mforward\x1b[0m
\x1b[1;35mRuntimeError\x1b[0m: \x1b[35mmat1 and mat2\x1b[0m
"""  # noqa: E501
RANKS = """\
[rank0]: Traceback (most recent call last):
[rank0]:   File "/home/u/proj/train.py", line 15, in forward
[rank0]:     return self.predictor(self.projector(self.encoder(x)))
"""
RICH = """\
╭───────────────────── Traceback (most recent call last) ──────────────────────╮
│ /home/u/proj/train.py:15 in forward                                          │
│ ❱ 15         return self.predictor(self.projector(self.encoder(x)))          │
│ /usr/lib/python3.11/site-packages/torch/nn/modules/module.py:1511 in _call   │
"""
PYTEST = """\
train.py:15: in forward
    return self.predictor(self.projector(self.encoder(x)))
/usr/lib/python3.11/site-packages/torch/nn/modules/linear.py:114: RuntimeError
"""
IPYTHON = """\
Cell In[3], line 2
----> 2 model(torch.zeros(4, 3, 64, 64))

File ~/envs/ssl/lib/python3.11/site-packages/torch/nn/modules/module.py:1736, in Module._wrapped_call_impl(self, *args)
-> 1736     return self._call_impl(*args, **kwargs)

File ~/proj/train.py:15, in SimSiam.forward(self, x)
     14 def forward(self, x):
---> 15     return self.predictor(self.projector(self.encoder(x)))
"""
OLD_IPYTHON = """\
<ipython-input-5-9d2a0e7b1c7f> in <module>
----> 1 model(torch.zeros(4, 3, 64, 64))

/usr/local/lib/python3.7/dist-packages/torch/nn/modules/module.py in _call_impl(self, *input, **kwargs)
--> 727             result = self.forward(*input, **kwargs)

/content/proj/train.py in forward(self, x)
     13\x20
     14     def forward(self, x):
---> 15         return self.predictor(self.projector(self.encoder(x)))
"""
COLAB = """\
[/usr/local/lib/python3.10/dist-packages/torch/nn/modules/module.py](https://localhost:8080/#) in _call(self, *args)
-> 1527             return forward_call(*args, **kwargs)

[/content/proj/train.py](https://localhost:8080/#) in forward(self, x)
     14     def forward(self, x):
---> 15         return self.predictor(self.projector(self.encoder(x)))
"""


@pytest.mark.parametrize(
    ("text", "path", "function"),
    [
        (COLOURED, "/home/u/proj/train.py", "forward"),
        (RANKS, "/home/u/proj/train.py", "forward"),
        (RICH, "/home/u/proj/train.py", "forward"),
        (PYTEST, "train.py", "forward"),
        (IPYTHON, "~/proj/train.py", "SimSiam.forward"),
        (OLD_IPYTHON, "/content/proj/train.py", "forward"),
        (COLAB, "/content/proj/train.py", "forward"),
    ],
)
def test_the_innermost_place_of_ones_own(text: str, path: str, function: str) -> None:
    assert frames(without_sequences(text))[-1] == StackFrame(path, 15, function)


@pytest.mark.parametrize("part", ["\x1b[", "\x1b]8;;", "a.py in f\n", "[a.py](b) in f\nx\n", "-> "])
def test_long_texts_take_no_long_time(part: str) -> None:
    """In time that grows with the square, each would take minutes."""
    assert len(frames(without_sequences(part * (1_000_000 // len(part))))) <= 1
