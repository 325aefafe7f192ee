"""Every error in `rules/torch_errors.yaml` is raised by the installed library, and its words are understood."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from shapelint.common import bounds  # noqa: E402
from shapelint.judge import rulebook  # noqa: E402
from shapelint.knowledge import rules_folder, torch_words  # noqa: E402
from shapelint.knowledge.schema.error_words import ErrorWords  # noqa: E402
from shapelint.text import stack_frames  # noqa: E402

Raising = Callable[[], Any]


def r(*shape: int) -> Any:
    return torch.randn(*shape)


def labels(count: int, value: int = 0) -> Any:
    return torch.full((count,), value)


def attended(tokens: int) -> Any:
    """Attention over four tokens, with a mask for others."""
    four = r(4, 2, 8)
    return nn.MultiheadAttention(8, 2)(four, four, four, attn_mask=r(tokens, tokens))


def mask(size: int) -> Any:
    return torch.ones(size, size, dtype=torch.bool)


def timm_vit() -> Any:
    timm = pytest.importorskip("timm")
    return timm.create_model("vit_tiny_patch16_224", depth=1)(r(1, 3, 96, 96))


def torchvision_vit() -> Any:
    models = pytest.importorskip("torchvision.models")
    return models.VisionTransformer(64, 16, 1, 2, 32, 32)(r(1, 3, 96, 96))


def transformers_vit(channels: int, size: int) -> Any:
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    return transformers.ViTModel(config)(r(1, channels, size, size))


def transformers_resnet(channels: int) -> Any:
    transformers = pytest.importorskip("transformers")
    config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8], depths=[1])
    return transformers.ResNetModel(config)(r(1, channels, 32, 32))


ERRORS: list[tuple[Raising, set[int], set[int]]] = [
    # what raises, the numbers that the layer takes, the numbers that it gets
    (lambda: nn.Linear(384, 96)(r(6, 640)), {384}, {640}),
    (lambda: nn.Linear(384, 96)(r(6, 5, 640)), {384}, {640}),
    (lambda: r(4, 96) @ r(33), {96}, {33}),
    (lambda: nn.BatchNorm1d(640)(r(2, 50, 640)), {640}, {50}),
    (lambda: nn.BatchNorm2d(640)(r(2, 320, 3, 3)), {640}, {320}),
    (lambda: nn.BatchNorm1d(48)(r(1, 48)), set(), set()),
    (lambda: nn.InstanceNorm2d(3)(r(2, 3, 1, 1)), set(), set()),
    (lambda: nn.Conv2d(3, 8, 3)(r(2, 13, 32, 32)), {3}, {13}),
    (lambda: nn.ConvTranspose2d(16, 3, 3)(r(2, 8, 4, 4)), {16}, {8}),
    (lambda: nn.Conv2d(512, 8, 1)(r(2, 512)), set(), {2, 512}),
    (lambda: nn.BatchNorm1d(48)(r(2, 48, 7, 7)), {2, 3}, {4}),
    (lambda: nn.BatchNorm2d(48)(r(2, 48)), {4}, {2}),
    (lambda: nn.Conv2d(3, 8, 5)(r(2, 3, 4, 4)), {5}, {4}),
    (lambda: nn.MaxPool2d(2)(r(2, 48, 1, 1)), set(), {48, 1}),
    (lambda: nn.LayerNorm(96)(r(2, 48)), {96}, {2, 48}),
    (lambda: nn.GroupNorm(32, 64)(r(2, 30, 4, 4)), {32}, {2, 30, 4}),
    (lambda: nn.GroupNorm(4, 64)(r(2, 32, 4, 4)), {64}, {2, 32, 4}),
    (lambda: r(4, 96) + r(4, 48), {48}, {96}),
    (lambda: F.cosine_similarity(r(4, 96), r(4, 48)), {48}, {96}),
    (lambda: r(4, 96).lerp_(r(4, 48), 0.1), {48}, {96}),
    (lambda: r(8, 6).__setitem__(slice(5, 9), r(4, 6)), {3}, {4}),
    (lambda: r(8, 6).__setitem__(torch.tensor([0, 1, 2]), r(4, 6)), {3, 6}, {4, 6}),
    (lambda: r(4, 1).add_(r(4, 96)), {4, 96}, {4, 1}),
    (lambda: torch.cat([r(4, 3), r(5, 3)], 1), {4}, {5}),
    (lambda: torch.cat([r(4, 3), r(4, 3, 2, 2)], 1), {4}, {2}),
    (lambda: torch.stack([r(4, 3), r(4, 5)]), {4, 3}, {4, 5}),
    (lambda: r(2, 96).view(3, 48), {3, 48}, {192}),
    (lambda: r(2, 3).t().view(6), set(), set()),
    (lambda: r(2, 96).unflatten(1, (5, 10)), {5, 10}, {96}),
    (lambda: r(24, 6).split([16, 16]), {16}, {24}),
    (lambda: F.cross_entropy(r(24, 10), labels(32)), {32}, {24}),
    (lambda: F.cross_entropy(r(24, 10, 3), labels(24)), {24, 3}, {24}),
    (lambda: F.cross_entropy(r(24, 10), labels(24, 10)), set(), {10}),
    (lambda: F.binary_cross_entropy_with_logits(r(4, 1), r(4)), {4, 1}, {4}),
    (lambda: F.mse_loss(r(4, 96), r(4, 1)), {4, 1}, {4, 96}),
    (lambda: r(8, 4, 64) @ r(8, 32, 4), {8, 64}, {8, 32}),
    (lambda: nn.Linear(8, 4).load_state_dict({"weight": r(9, 8), "bias": r(4)}), {4, 8}, {9, 8}),
    (lambda: nn.Linear(8, 4).load_state_dict({"bias": r(4)}), set(), set()),
    (lambda: nn.Linear(8, 4).load_state_dict({**nn.Linear(8, 4).state_dict(), "more": r(1)}), set(), set()),
    (lambda: r(2, 48).mean(2), {2, 1}, {2}),
    (lambda: r(2, 48)[:, :, 0], set(), {2}),
    (lambda: r(4, 3)[4], {4}, {4}),
    (lambda: r(24, 24)[mask(32)], {32}, {24}),
    (lambda: torch.einsum("nd,kd->nk", r(4, 96), r(3, 48)), {48}, {96}),
    (lambda: torch.einsum("nd,kd->nk", r(4, 96, 2), r(3, 48)), {2}, {3}),
    (lambda: nn.MultiheadAttention(96, 8)(r(4, 2, 48), r(4, 2, 48), r(4, 2, 48)), {96}, {48}),
    (lambda: nn.MultiheadAttention(96, 7), set(), set()),
    (lambda: nn.GRU(96, 10)(r(4, 2, 48)), {96}, {48}),
    (lambda: nn.LSTM(96, 10)(r(4, 2, 2, 96)), {2, 3}, {4}),
    (lambda: nn.Linear(3, 3)((r(2, 3),)), set(), set()),
    (lambda: nn.Conv2d(3, 3, 1)([r(2, 3, 4, 4)]), set(), set()),
    (lambda: nn.Embedding(10, 3)(torch.tensor([10])), set(), set()),
    (timm_vit, {224}, {96}),
    (torchvision_vit, {64}, {96}),
    (lambda: transformers_vit(3, 96), {224}, {96}),
    (lambda: transformers_vit(1, 224), {3}, {1}),
    (lambda: transformers_resnet(1), set(), set()),
    (lambda: nn.Linear(3, 4, hidden=3), set(), set()),
    (lambda: nn.Linear(3), set(), set()),
    (lambda: nn.Linear(3, 4).fc, set(), set()),
    (lambda: torch.nn.functional.rlu, set(), set()),
    (lambda: exec("from torch.nn import Liner"), set(), set()),
    (lambda: torch.dot(r(96), r(48)), {96}, {48}),
    (lambda: torch.mm(r(2, 3, 4), r(4, 3)), set(), set()),
    (lambda: r(2, 3, 4).t(), set(), {3}),
    (lambda: exec("a, b = range(3)"), {2}, set()),
    (lambda: exec("a, b, c, d = r(2, 48).shape", {"r": r}), {4}, {2}),
    (lambda: r(8, 96) @ r(8, 96), set(), {96}),
    (lambda: F.binary_cross_entropy(r(4, 1), r(4)), {4}, {4, 1}),
    (lambda: nn.BatchNorm1d(3)((r(2, 3),)), set(), set()),
    (lambda: nn.Flatten()([r(2, 3)]), set(), set()),
    (lambda: r(2, 3).expand(4), {1}, {2}),
    (lambda: torch.bmm(r(2, 3), r(2, 3)), set(), set()),
    (lambda: torch.bmm(r(2, 3, 4), r(2, 4)), set(), set()),
    (lambda: torch.dot(r(3, 1), r(3)), set(), {2}),
    (lambda: F.cross_entropy(r(4, 10), labels(4)[:, None]), set(), set()),
    (lambda: F.cross_entropy(r(4, 10), labels(4), weight=r(9)), {10}, {9}),
    (lambda: F.triplet_margin_loss(r(4, 3), r(4, 3, 1), r(4, 3)), set(), set()),
    (lambda: torch.cdist(r(4, 96), r(4, 48)), {48}, {96}),
    (lambda: r(2, 3).gather(1, labels(2)), set(), set()),
    (lambda: r(2, 3).gather(1, labels(5)[:, None]), {2, 3}, {5, 1}),
    (lambda: r(2, 48).sum()[0], set(), set()),
    (lambda: r(2, 48).permute(0, 2, 1), {3}, {2}),
    (lambda: r(2, 48).narrow(1, 40, 16), {16}, {48}),
    (lambda: r(2, 3).topk(5, 1), set(), set()),
    (lambda: nn.MultiheadAttention(8, 2)(r(4, 2, 8), r(5, 2, 8), r(6, 2, 8)), {6, 2, 8}, {5, 2, 8}),
    (lambda: nn.MultiheadAttention(8, 2)(r(2, 8, 4, 4), r(2, 8, 4, 4), r(2, 8, 4, 4)), set(), {4}),
    (lambda: attended(5), {4}, {5}),
    (lambda: nn.GRU(8, 4)(r(4, 2, 8), r(1, 3, 4)), {1, 2, 4}, {1, 3, 4}),
    (lambda: F.max_pool1d(r(2, 3, 4, 4), 2), {2, 3}, {2, 3, 4}),
    (lambda: nn.AdaptiveMaxPool2d(1)(r(2, 48)), {3, 4}, {2, 48}),
    (lambda: nn.AdaptiveAvgPool1d(1)(r(48)), {2, 3}, {1}),
    (lambda: F.interpolate(r(2, 3, 4, 4), size=(2, 2, 2)), {2}, {4}),
    (lambda: nn.PixelShuffle(2)(r(2, 3, 4, 4)), {4}, {3}),
    (lambda: nn.PReLU(4)(r(2, 3)), {4}, {3}),
    (lambda: nn.Bilinear(3, 4, 5)(r(2, 3), r(2, 5)), {4}, {5}),
    (lambda: torch.inner(r(4, 96), r(4, 48)), {4, 48}, {4, 96}),
    (lambda: torch.tensordot(r(4, 96), r(48, 3), dims=1), {48}, {96}),
    (lambda: F.one_hot(labels(2, 5), 3), set(), set()),
    (lambda: F.glu(r(2, 3)), set(), {3}),
    (lambda: r(3).requires_grad_().mul(2).backward(), set(), set()),
    (lambda: r(3).item(), set(), {3}),
    (lambda: F.pad(r(2, 3, 4, 4), (5, 5, 5, 5), mode="reflect"), {5}, {2, 3, 4}),
    (lambda: r(4, 96).to("meta") + r(4, 48).to("meta"), {4, 96}, {48}),
    (lambda: torch.utils.data.default_collate([[1, 2], [1]]), set(), set()),
]

OTHER_VERSIONS = {
    "input and weight.T shapes cannot be multiplied ({rows}x{actual} and {expected}x{out})": "Apple's devices",
    "a and b must have same reduction dim, but got [{rows}, {actual}] X [{expected}, {out}]": "the meta device",
    "module '{owner:text}' has no attribute '{key:text}' (most likely due to a circular import)": "Python itself",
    "Trying to resize storage that is not resizable": "worker processes of a loader",
    "Assertion `t >= 0 && t < n_classes` failed": "a GPU",
    "Assertion `srcIndex < srcSelectDimSize` failed": "a GPU",
}
"""Words that the test machine cannot make an operation on the CPU say."""


def said(raising: Raising) -> str:
    """Return the words of an error, or of a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            raising()
        except Exception as error:
            return str(error)
    return str(caught[-1].message)


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_the_words_of_an_error_are_understood(number: int) -> None:
    raising, expected, actual = ERRORS[number]
    words = said(raising)
    error = torch_words.recognise(f"Traceback (most recent call last):\n  ...\nRuntimeError: {words}\n")
    assert error is not None, words
    assert (error.numbers("expected"), error.numbers("actual")) == (expected, actual), (words, error.entry.words)
    assert "{" not in error.means + error.usually


def test_every_entry_is_raised_here_or_by_another_version() -> None:
    raised = {error.entry.words for raising, _, _ in ERRORS if (error := torch_words.recognise(said(raising)))}
    missing = {entry.words for entry in torch_words.entries()} - raised
    assert missing == set(OTHER_VERSIONS)


def test_torch_2_4_says_smaller_where_later_ones_say_no_larger() -> None:
    words = "expected index [5, 1] to be smaller than self [2, 3] apart from dimension 1"
    error = torch_words.recognise(f"RuntimeError: Size does not match at dimension 0 {words}\n")
    assert error is not None
    assert (error.numbers("expected"), error.numbers("actual")) == ({2, 3}, {5, 1})


def test_the_meta_device_has_words_of_its_own() -> None:
    linear = nn.Linear(384, 96, device="meta")
    error = torch_words.recognise(said(lambda: linear(torch.zeros(6, 640, device="meta"))))
    assert error is not None
    assert error.numbers("expected") == {384}
    assert error.numbers("actual") == {640}


def test_the_entries_are_valid_and_name_rules() -> None:
    for entry in rules_folder.load("torch_errors.yaml"):
        assert set(ErrorWords.validated(entry).rules) <= set(rulebook.known())


def test_words_over_several_lines_and_the_last_traceback_count() -> None:
    head = "Traceback (most recent call last):\n"
    earlier = f"{head}RuntimeError: t() expects a tensor with <= 2 dimensions, but self is 3D\n"
    words = "mat1 and mat2 shapes cannot be\n   multiplied (6x640 and 384x96)"
    error = torch_words.recognise(f"{earlier}During handling of the above:\n{head}RuntimeError: {words}")
    assert error is not None
    assert error.values == {"rows": "6", "actual": "640", "expected": "384", "out": "96"}


@pytest.mark.parametrize(
    "part", ["a", "a:", "'x' ", "size mismatch for ", "Expected a input to ", "[", 'File "', "a.py:"]
)
def test_long_texts_without_an_error_take_no_long_time(part: str) -> None:
    """In time that grows with the square, each would take minutes."""
    text = part * (1_000_000 // len(part))
    assert torch_words.recognise(text) is None
    assert len(stack_frames.frames(text)) <= 1


def test_an_error_is_looked_for_at_the_end_of_a_log() -> None:
    words = "mat1 and mat2 shapes cannot be multiplied (6x640 and 384x96)"
    room = bounds.ERROR_TEXT - len(words)
    assert torch_words.recognise(words + "." * room) is not None
    assert torch_words.recognise(words + "." * (room + 1)) is None


def test_other_words_are_not_known() -> None:
    assert torch_words.recognise("CUDA out of memory. Tried to allocate 2.00 GiB") is None
