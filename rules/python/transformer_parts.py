"""Stand-ins for the parts of timm 1.0.31's vision transformers, read by the interpreter in their place and never run.

Parameters behind the fourth have other places in other versions, and change no shape.
https://huggingface.co/docs/timm/reference/models
"""

import torch.nn as nn
from timm.layers import Mlp


def pair(size):
    return size if isinstance(size, (tuple, list)) else (size, size)


class PatchEmbed(nn.Module):
    def __init__(
        self,
        img_size=224,
        patch_size=16,
        in_chans=3,
        embed_dim=768,
        norm_layer=None,
        flatten=True,
        output_fmt=None,
        bias=True,
        strict_img_size=True,
        dynamic_img_pad=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        if output_fmt is not None or dynamic_img_pad:
            raise NotImplementedError
        high, wide = pair(patch_size)
        self.patch_size = (high, wide)
        self.img_size = None
        self.grid_size = None
        self.num_patches = None
        if img_size is not None:
            height, width = pair(img_size)
            self.img_size = (height, width)
            self.grid_size = (height // high, width // wide)
            self.num_patches = self.grid_size[0] * self.grid_size[1]
        self.flatten = flatten
        self.proj = nn.Conv2d(in_chans, embed_dim, (high, wide), (high, wide), bias=bias)
        self.norm = norm_layer(embed_dim) if norm_layer else nn.Identity()

    def forward(self, x):
        x = self.proj(x)
        if self.flatten:
            x = x.flatten(2).transpose(1, 2)
        return self.norm(x)


class Attention(nn.Module):
    def __init__(self, dim, num_heads=8, *others, qkv_bias=False, qk_norm=False, attn_drop=0.0, proj_drop=0.0, **more):
        super().__init__()
        if others and not isinstance(others[0], bool):
            raise NotImplementedError
        if more.get("attn_head_dim") or more.get("dim_out") or dim % num_heads:
            raise NotImplementedError
        self.dim = dim
        self.num_heads = num_heads
        self.head_dim = dim // num_heads
        self.scale = self.head_dim**-0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, *others, **more):
        return self.proj(self.qkv(x)[..., : self.dim])


class Block(nn.Module):
    def __init__(
        self,
        dim,
        num_heads,
        mlp_ratio=4.0,
        qkv_bias=False,
        *others,
        act_layer=nn.GELU,
        norm_layer=nn.LayerNorm,
        mlp_layer=Mlp,
        **more,
    ):
        super().__init__()
        if "attn_layer" in more:
            raise NotImplementedError
        self.norm1 = norm_layer(dim)
        self.attn = Attention(dim, num_heads, qkv_bias=qkv_bias)
        self.norm2 = norm_layer(dim)
        self.mlp = mlp_layer(in_features=dim, hidden_features=int(dim * mlp_ratio), act_layer=act_layer)

    def forward(self, x, *others, **more):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))
