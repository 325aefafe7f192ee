"""The interpreter: the only module that imports all the others.

Each function takes the run as its first argument, so that it serves as a method here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from shapelint.python.builtins import builtin_functions
from shapelint.python.libraries import argparse_, data_loaders, dispatch, lightning_, numpy_, paths_, transforms
from shapelint.python.libraries.registry import PLUGINS
from shapelint.python.libraries.torch import (
    autograd,
    backward,
    hooks,
    loss_calls,
    members,
    misuse,
    module_calls,
    module_methods,
    parts,
    queues,
    tensor_methods,
    training_modes,
)
from shapelint.python.objects import attributes, instances, mutation, subscripts
from shapelint.python.state.kernel import Kind, Observer
from shapelint.python.state.plugins import Libraries
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    Bound,
    Chained,
    CommandLine,
    Component,
    Data,
    DataFile,
    Dataset,
    Hook,
    Instance,
    Loss,
    NumpyArray,
    Tensor,
    UserClass,
    Views,
)
from shapelint.python.syntax import assignment, calls, expressions, imports, statements


class Interpreter(Run):
    """A run with everything that its parts need."""

    kinds: ClassVar[Mapping[type, Kind]] = {
        Tensor: tensor_methods.TENSOR,
        Data: tensor_methods.DATA,
        Component: Kind(
            members.attribute,
            module_calls.call_component,
            module_methods.component_method,
            members.element,
            children=parts.children,
        ),
        Chained: Kind(
            members.container_attribute,
            module_calls.call_chained,
            module_methods.container_method,
            children=members.children_of_container,
        ),
        Instance: Kind(method=module_methods.instance_method, children=members.children_of_instance),
        Hook: Kind(attribute=lambda run, owner, name, site: Bound(owner, name), method=hooks.handle_method),
        Loss: loss_calls.LOSS,
        Views: transforms.VIEWS,
        Dataset: data_loaders.DATASET,
        NumpyArray: numpy_.ARRAY,
        CommandLine: argparse_.COMMAND_LINE,
        DataFile: paths_.PATHS_AND_FILES,
        UserClass: Kind(method=autograd.class_method),
    }
    libraries: ClassVar[Libraries] = Libraries(PLUGINS)
    observers: ClassVar[Sequence[Observer]] = (
        loss_calls.HAND_WRITTEN_LOSSES,
        misuse.MISUSE,
        lightning_.FIT_OBSERVER,
        training_modes.MODE_OBSERVER,
        queues.QUEUE_OBSERVER,
        backward.BACKWARD_OBSERVER,
    )

    evaluate = expressions.evaluate
    execute = statements.execute
    lookup = expressions.lookup
    bind = assignment.bind
    rows = expressions.rows
    load_file = imports.load_file

    call = calls.call
    call_function = calls.call_function
    instantiate = instances.instantiate
    call_library = dispatch.call
    knows = dispatch.knows
    stand_in = dispatch.stand_in

    attribute = attributes.get
    named_attribute = builtin_functions.named_attribute
    element = subscripts.get
    assign_attribute = assignment.assign_attribute
    assign_element = assignment.assign_element
    store = mutation.store
    remove_attribute = assignment.remove_attribute

    resolve = module_calls.resolve
    parts = parts.table
    children = members.children
    run_hooks = hooks.after
