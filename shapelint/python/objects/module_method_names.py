"""Names of methods that every module has, by what they mean for the shapes of its output."""

from __future__ import annotations

import re

from shapelint.common.words import words

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
"""Beginnings of the names of methods that may change the structure of a library model."""

OF_CONTAINERS = words(
    """
    T_destination add_module append apply bfloat16 buffers call_super_init children clear compile cpu cuda double
    dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half
    insert ipu items keys load_state_dict modules mtia named_buffers named_children named_modules named_parameters
    parameters pop register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty
    train training type update values xpu zero_grad
    """
)
"""Attributes of nn.Sequential, nn.ModuleList and nn.ModuleDict other than their children."""
