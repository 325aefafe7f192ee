"""Methods that every torch module has, grouped by their effect on the shapes of its output."""

from __future__ import annotations

from shapelint.common.patterns import pattern
from shapelint.common.words import words

RETURNS_SELF = words(
    """
    to cuda cpu train eval requires_grad_ apply half float double bfloat16 to_empty type share_memory compile
    """
)
QUIET = words(
    """
    parameters named_parameters buffers named_buffers state_dict load_state_dict zero_grad register_buffer
    register_parameter modules named_modules get_parameter get_buffer extra_repr reset_parameters
    """
)

ADDS = words("add_module register_module set_submodule")
LISTS = words("children named_children modules named_modules get_submodule forward __call__")

CHANGES = pattern(
    r"^(reset_|set_|replace|remove|add_|convert|fuse|prune|resize|register|merge|update|delete|del_|pop|append|extend"
    r"|insert|clear|__init__|__setattr__|__delattr__|__setitem__|__delitem__|load_from)"
)
"""Prefixes of methods that may turn a library model into a different one."""
