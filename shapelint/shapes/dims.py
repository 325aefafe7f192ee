"""Dimensions of a shape: integers, symbols, and integer expressions in symbols.

A dimension is a plain `int`, or an `Expression` such as `(H-1)//32 + 1`. Expressions are kept in a normal form (a sum
of products), so that different notations of one dimension compare equal, and an arithmetic result that is constant is
an `int` again. All arithmetic is exact; `//` and `%` are Python's, which is torch's for sizes.

Pure Python: no torch, no sympy (0.5 s to import).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Union

from shapelint.common import bounds
from shapelint.common.frozen import frozen

Dim = Union[int, "Expression"]
REMEMBERED = 16384
"""Number of results that are kept of an operation: a network repeats the arithmetic of one of its blocks many times."""


@frozen
class Symbol:
    """A free dimension, such as the batch `B` or the height `H`; every symbol stands for a positive integer."""

    name: str

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return self.name.partition("#")[0].removeprefix("?") or self.name

    def __hash__(self) -> int:
        return hash(self.name)


@frozen
class DimOperation:
    """An irreducible operation on dimensions: `//`, `%`, `max` or `min`."""

    operator: str
    operands: tuple[Dim, ...]

    def __str__(self) -> str:
        return self._text

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.operator, self.operands))

    @cached_property
    def _text(self) -> str:
        if self.operator in ("max", "min"):
            return f"{self.operator}({','.join(str(operand) for operand in self.operands)})"
        left, right = self.operands
        return f"{_operand(left)}{self.operator}{_operand(right)}"


Atom = Union[Symbol, DimOperation]
Product = tuple[Atom, ...]


@frozen
class Expression:
    """A sum of products of atoms with integer coefficients, in normal form; never a constant."""

    terms: tuple[tuple[Product, int], ...]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Expression) and self._hash == other._hash and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.terms)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(atom.name for atom in _atoms(self) if isinstance(atom, Symbol))

    def __add__(self, other: Dim) -> Dim:
        sums = dict(self.terms)
        for product, coefficient in _terms(other):
            sums[product] = sums.get(product, 0) + coefficient
        return _build(sums)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return self + other * -1

    def __rsub__(self, other: Dim) -> Dim:
        return self * -1 + other

    def __mul__(self, other: Dim) -> Dim:
        others = _terms(other)
        if len(self.terms) * len(others) > bounds.FORMULA_TERMS:
            return UNKNOWN_DIM
        products: dict[Product, int] = {}
        for left, left_coefficient in self.terms:
            for right, right_coefficient in others:
                product = tuple(sorted(left + right, key=_order))
                products[product] = products.get(product, 0) + left_coefficient * right_coefficient
        return _build(products)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_divide(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return floor_divide(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return modulo(self, other)

    def __rmod__(self, other: Dim) -> Dim:
        return modulo(other, self)

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    @cached_property
    def _text(self) -> str:
        return _factored(self) or _sum(self)


UNKNOWN_DIM = Expression((((Symbol("?"),), 1),))
"""A dimension that could not be worked out. It propagates through arithmetic and equals nothing, not even itself."""


OTHER = Expression((((Symbol("!"),), 1),))
"""A dimension that is another one than all that it may meet, except itself."""


def unknown(name: str, serial: str) -> Expression:
    """A dimension that is not known, but is one and the same wherever it appears: it equals itself, and nothing else.

    It is shown by its name; the serial tells it from others of that name.
    """
    return symbol(f"?{name}#{serial}")


def otherwise(dim: Dim) -> Dim:
    """Take a dimension that was lost to be another one than all that it may meet: to see whether that matters."""
    return OTHER if is_lost(dim) else dim


def symbol(name: str) -> Expression:
    """The free dimension called `name`."""
    return Expression((((Symbol(name),), 1),))


def names(dim: Dim) -> frozenset[str]:
    """The names of the symbols in a dimension: `names(parse("(H-1)//32+1")) == {"H"}`."""
    return dim._names if isinstance(dim, Expression) else frozenset()


def free_names(dim: Dim) -> frozenset[str]:
    """The names of the symbols that an input can bind: all but those of unknown dimensions."""
    return frozenset(name for name in names(dim) if name[:1] != "?")


def is_known(dim: Dim) -> bool:
    """Whether no part of the dimension is unknown."""
    return isinstance(dim, int) or not any(name[:1] == "?" for name in names(dim))


def is_unknown(value: object) -> bool:
    """Whether a value is a dimension of which a part is unknown."""
    return isinstance(value, Expression) and not is_known(value)


def is_lost(dim: Dim) -> bool:
    """Whether a part of the dimension is unknown and has no name."""
    return not isinstance(dim, int) and "?" in names(dim)


def equal(left: Dim, right: Dim) -> bool | None:
    """Whether two dimensions are equal: always (True), never (False), or it depends on symbols (None)."""
    if not (is_known(left) and is_known(right)):
        return True if left == right and not is_lost(left) else None
    difference = left - right
    if isinstance(difference, int):
        return difference == 0
    if not _atoms_other_than_symbols(difference) and _one_sign(difference):
        return False
    return None


def sign(dim: Dim) -> int | None:
    """1 if a dimension is positive, -1 if it is negative, 0 for 0; None if that depends on its symbols."""
    if isinstance(dim, int):
        return (dim > 0) - (dim < 0)
    if not is_known(dim) or _atoms_other_than_symbols(dim) or not _one_sign(dim):
        return None
    return 1 if dim.terms[0][1] > 0 else -1


def substitute(dim: Dim, bindings: Mapping[str, Dim]) -> Dim:
    """Replace symbols by dimensions, all at once; symbols without a binding stay. Anything divided by 0 is unknown."""
    if isinstance(dim, int):
        return dim
    bound = tuple((name, bindings[name]) for name in dim._names if name in bindings)
    return _substituted(dim, bound) if bound else dim


@lru_cache(maxsize=REMEMBERED)
def _substituted(dim: Expression, bound: tuple[tuple[str, Dim], ...]) -> Dim:
    """`dim` with some of its symbols replaced."""
    bindings = dict(bound)
    total: Dim = 0
    for product, coefficient in dim.terms:
        value: Dim = coefficient
        for atom in product:
            value = value * _substitute_atom(atom, bindings)
        total = total + value
    return total


@lru_cache(maxsize=REMEMBERED)
def floor_divide(left: Dim, right: Dim) -> Dim:
    """`left // right`; nested divisions by constants are merged, and exact multiples are taken out of the quotient.

    Raises ZeroDivisionError for a divisor of 0.
    """
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    if is_lost(left) or is_lost(right):
        return UNKNOWN_DIM
    if not isinstance(right, int) or right <= 0:
        if isinstance(right, int) and right < 0:
            return floor_divide(left * -1, -right)
        if right == 0:
            raise ZeroDivisionError("division of a dimension by 0")
        return 1 if left == right else _operation("//", left, right)
    left, right = _merge_nested_division(left, right)
    outside: dict[Product, int] = {}
    inside: dict[Product, int] = {}
    for product, coefficient in _terms(left):
        # A constant is left in (-right, 0], so that convolutions read as they are written: (H-1)//2+1.
        whole = -(-coefficient // right) if not product else coefficient // right if coefficient % right == 0 else 0
        if whole:
            outside[product] = whole
        if coefficient - whole * right:
            inside[product] = coefficient - whole * right
    rest = _build(inside)
    quotient = rest if right == 1 else rest // right if isinstance(rest, int) else _operation("//", rest, right)
    return _build(outside) + quotient


def modulo(left: Dim, right: Dim) -> Dim:
    """`left % right`. Raises ZeroDivisionError for a divisor of 0."""
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    if is_lost(left) or is_lost(right):
        return UNKNOWN_DIM
    if isinstance(right, int):
        if right == 0:
            raise ZeroDivisionError("remainder of a dimension by 0")
        left = _build({product: coefficient % right for product, coefficient in _terms(left)})
        if isinstance(left, int):
            return left % right
    return _operation("%", left, right)


def extreme(choose: Callable[[Iterable[int]], int], operands: tuple[Dim, ...]) -> Dim:
    """`max` or `min` of dimensions."""
    if any(map(is_lost, operands)):
        return UNKNOWN_DIM
    integers = [operand for operand in operands if isinstance(operand, int)]
    rest: list[Dim] = list(dict.fromkeys(operand for operand in operands if not isinstance(operand, int)))
    if integers:
        rest.append(choose(integers))
    return rest[0] if len(rest) == 1 else _operation(choose.__name__, *rest)


def _operation(operator: str, *operands: Dim) -> Expression:
    return Expression((((DimOperation(operator, operands),), 1),))


def _merge_nested_division(left: Dim, right: int) -> tuple[Dim, int]:
    """`(x//a + c)//b` is `(x + a*c)//(a*b)` for positive integers a and b."""
    terms = _terms(left)
    quotients = [product[0] for product, coefficient in terms if len(product) == 1 and coefficient == 1]
    constant = dict(terms).get((), 0)
    if len(quotients) != 1 or len(terms) != (2 if constant else 1):
        return left, right
    (inner,) = quotients
    if not isinstance(inner, DimOperation) or inner.operator != "//" or not isinstance(inner.operands[1], int):
        return left, right
    return _merge_nested_division(inner.operands[0] + inner.operands[1] * constant, inner.operands[1] * right)


def _substitute_atom(atom: Atom, bindings: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        return bindings.get(atom.name, Expression((((atom,), 1),)))
    operands = tuple(substitute(operand, bindings) for operand in atom.operands)
    if atom.operator in ("//", "%"):
        if operands[1] == 0:
            return UNKNOWN_DIM
        return floor_divide(*operands) if atom.operator == "//" else modulo(*operands)
    return extreme(max if atom.operator == "max" else min, operands)


def _terms(dim: Dim) -> tuple[tuple[Product, int], ...]:
    if isinstance(dim, Expression):
        return dim.terms
    return (((), dim),) if dim else ()


def _build(sums: Mapping[Product, int]) -> Dim:
    terms = tuple(sorted(((p, c) for p, c in sums.items() if c), key=lambda term: list(map(_order, term[0]))))
    if any(isinstance(atom, Symbol) and atom.name == "?" for product, _ in terms for atom in product):
        return UNKNOWN_DIM
    if not terms:
        return 0
    return terms[0][1] if len(terms) == 1 and not terms[0][0] else Expression(terms)


def _order(atom: Atom) -> tuple[str, str]:
    """The place of an atom in the normal form: by what is shown, then by what tells unknown dimensions apart."""
    return str(atom), atom.name if isinstance(atom, Symbol) else ""


def _atoms(dim: Dim) -> Iterator[Atom]:
    for product, _ in _terms(dim):
        for atom in product:
            yield atom
            if isinstance(atom, DimOperation):
                for operand in atom.operands:
                    yield from _atoms(operand)


def _atoms_other_than_symbols(dim: Dim) -> bool:
    return any(isinstance(atom, DimOperation) for atom in _atoms(dim))


def _one_sign(dim: Expression) -> bool:
    """Whether the dimension is never 0 because symbols are positive: all coefficients have one sign."""
    return len({coefficient > 0 for _, coefficient in dim.terms}) == 1


def _sum(dim: Expression) -> str:
    text = ""
    for product, coefficient in sorted(dim.terms, key=lambda term: (not term[0], [str(atom) for atom in term[0]])):
        sign = "-" if coefficient < 0 else "+" if text else ""
        text += sign + _product(product, abs(coefficient), bare=sign != "-")
    return text


def _factored(dim: Expression) -> str | None:
    """`512*((H-1)//32+1)*((W-1)//32+1)` rather than its four terms, if it is such a product."""
    coefficients = dict(dim.terms)
    atoms = max((product for product, _ in dim.terms), key=len)
    leading = coefficients[atoms]
    if len(set(atoms)) != len(atoms) or len(dim.terms) == 1 or (len(atoms) == 1 and abs(leading) == 1):
        return None
    factors = []
    product: Dim = leading
    for atom in atoms:
        constant, rest = divmod(coefficients.get(tuple(other for other in atoms if other != atom), 0), leading)
        if rest:
            return None
        factor = Expression((((atom,), 1),)) + constant
        factors.append(f"({factor})" if constant else _product((atom,), 1, bare=False))
        product = product * factor
    if product != dim:
        return None
    return "*".join([str(leading)] * (leading != 1) + factors)


def _product(atoms: Product, coefficient: int, bare: bool) -> str:
    if not atoms:
        return str(coefficient)
    if len(atoms) == 1 and coefficient == 1 and bare:
        return str(atoms[0])
    return "*".join([str(coefficient)] * (coefficient != 1) + [_operand_atom(atom) for atom in atoms])


def _operand_atom(atom: Atom) -> str:
    return f"({atom})" if isinstance(atom, DimOperation) and atom.operator in ("//", "%") else str(atom)


def _operand(dim: Dim) -> str:
    text = str(dim)
    return text if text.isalnum() else f"({text})"
