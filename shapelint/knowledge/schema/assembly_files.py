"""The files of `rules/assemblies/`: components of a library that are layers in a row, or a backbone by its name."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import Literal, Union

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.knowledge.schema.strict import Strict


@frozen
class AssembledLayers(Strict):
    """Layers that are there if `when` holds, `repeat` times; `i` counts the repetitions from 0."""

    layers: tuple[str, ...]
    when: str = ""
    repeat: str = "1"


@frozen
class Assembly(Strict):
    """One component: what its constructor makes of its arguments.

    It has `layers` in order, or `rows` of shapes as in a signature, or it is a `model` by a name with arguments in
    braces (`torchvision/{model_name}`), or it `passes` on to the module that is one of its arguments. `when` is what
    must hold for it to be so. A layer is a call of a class of torch.nn, or of an argument whose value is one
    of the file's `names`. `inert` arguments change no shape. `loose` is an argument that, if true, leaves the sizes
    that the model takes open. A `dense` one is made for maps or tokens. `source` is the file of the library in which
    this stands.
    """

    call: str
    source: str
    role: Literal["head", "backbone"] = "head"
    inert: frozenset[str] = frozenset()
    layers: tuple[Union[str, AssembledLayers], ...] = ()
    rows: tuple[SignatureRow, ...] = ()
    model: str = ""
    passes: str = ""
    when: str = ""
    loose: str = ""
    dense: bool = False

    @property
    def target(self) -> str:
        """The dotted name of the class or function."""
        return self.call.partition("(")[0]

    @cached_property
    def signature(self) -> ComponentSignature:
        """The constructor and the rows, as a signature has them."""
        return ComponentSignature(
            call=self.call, role=self.role, rows=self.rows, inert=self.inert, classes=None, dense=self.dense
        )


@frozen
class AssemblyFile(Strict):
    """The components of one package.

    `extends` is the package whose components it has as well, unless they are redefined here. `names` are the classes
    of layers that arguments name.
    """

    package: str
    versions: tuple[str, ...]
    components: tuple[Assembly, ...]
    extends: str = ""
    names: dict[str, str] = field(default_factory=dict)
