"""The methods that every module has, by what they mean for the shapes of what it gives."""

from __future__ import annotations

import re

from shapelint.read.python.words import words

SELF = words(
    """
    to cuda cpu train eval requires_grad_ apply half float double bfloat16 to_empty type share_memory
    set_grad_checkpointing compile
    """
)
QUIET = words(
    """
    parameters named_parameters buffers named_buffers state_dict load_state_dict zero_grad register_buffer
    register_parameter save_hyperparameters log log_dict print normalize cancel_last_layer_gradients
    reset_parameters init_weights configure_optimizers modules named_modules no_weight_decay
    set_group_features manual_backward get_parameter get_buffer optimizers lr_schedulers toggle_optimizer
    untoggle_optimizer freeze unfreeze extra_repr
    """
)


ADDS = words("add_module register_module set_submodule")
LISTS = words("children named_children modules named_modules get_submodule forward __call__")

CHANGES = re.compile(
    r"^(reset_|set_|replace|remove|add_|convert|fuse|prune|resize|register|merge|update|delete|del_|pop|append|extend"
    r"|insert|clear|__init__|__setattr__|__delattr__|__setitem__|__delitem__|load_from)"
)
"""How methods of a library's model begin that may make another one of it."""
