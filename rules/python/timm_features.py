"""Stand-ins for what timm 1.0.31's models say of their maps, and for the methods that return these.

https://huggingface.co/docs/timm/feature_extraction: `forward_intermediates` is what it ends in, and the maps before it.
"""

import torch.nn.functional as F


class FeatureInfo:
    def __init__(self, info):
        self.info = info

    def __len__(self):
        return len(self.info)

    def __getitem__(self, index):
        return self.info[index]

    def get_dicts(self):
        return self.info

    def chosen(self, key, idx):
        if idx is None:
            return [one[key] for one in self.info]
        return self.info[idx][key] if isinstance(idx, int) else [self.info[index][key] for index in idx]

    def channels(self, idx=None):
        return self.chosen("num_chs", idx)

    def reduction(self, idx=None):
        return self.chosen("reduction", idx)


def split(maps, prefix, as_maps, with_prefix):
    """Return maps, or their tokens, each with the tokens before these if asked for."""
    inner = [one if as_maps else one.flatten(2).transpose(1, 2) for one in maps]
    if not with_prefix or not prefix:
        return inner
    return [(one, F.adaptive_avg_pool1d(tokens.flatten(2), prefix).transpose(1, 2)) for one, tokens in zip(inner, maps)]


def forward_intermediates(
    model,
    maps,
    prefix,
    x,
    indices=None,
    return_prefix_tokens=False,
    norm=False,
    stop_early=False,
    output_fmt="NCHW",
    intermediates_only=False,
    output_dict=False,
):
    inner = split(maps(x), prefix, output_fmt == "NCHW", return_prefix_tokens)
    if output_dict:
        raise NotImplementedError
    return inner if intermediates_only else (model.forward_features(x), inner)


def get_intermediate_layers(
    model, maps, prefix, x, n=1, reshape=False, return_prefix_tokens=False, norm=False, attn_mask=None
):
    return split(maps(x), prefix, reshape, return_prefix_tokens)
