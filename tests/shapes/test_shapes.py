"""Signatures: the notation, substitution of constructor arguments, and unification with its reasons."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.signature_files import SignatureFile
from shapelint.shapes.dims import UNKNOWN_DIM, symbol
from shapelint.shapes.expression import OperandError, evaluate
from shapelint.shapes.notation import SignatureError, format_axis, parse_shape, parse_signature
from shapelint.shapes.signatures import Fit, Misfit, Shape, StructureValue, format_shape, substitute, unify

B, C, H, W, L = (symbol(name) for name in "BCHWL")

SIGNATURE_FILES = sorted(path.stem for path in (rules_folder.folder() / "signatures").glob("*.yaml"))


def fit(text: str, *inputs: Shape, **arguments: Any) -> Fit:
    result = unify(substitute(parse_signature(text), arguments), *inputs)
    assert isinstance(result, Fit), result
    return result


def misfit(text: str, *inputs: Shape, **arguments: Any) -> Misfit:
    result = unify(substitute(parse_signature(text), arguments), *inputs)
    assert isinstance(result, Misfit), result
    return result


# The notation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "B in_features -> B out_features",
        "... 512 -> ... 256",
        "B 512 -> B 256 | B 512 L -> B 256 L where B*L > 1",
        "B 3 H W -> B 512 ((H-1)//32+1) ((W-1)//32+1) where H % 16 == 0 and W > 2",
        "B C ... -> B (C*prod(...))",
        "... *shape -> ... *shape",
        "B L d, B S d -> (B L d, B L S)",
        "B D -> [B 7, B 9]",
        "B D -> {feature: B 512, logits: B 7}",
        "B D -> Output{feature: B 512, maps: (B 7 H W, B 5 H W)}",
        "B D -> (B 512,)",
        "B D -> (B,)",
        "B D -> ((B 1, B 2), B 3)",
        "B D -> (B+D)",
        "B D -> (max(B,3))",
        "N L kernel[0] -> N (kernel[0]*L//kernel[1])",
        "B D -> B (-D+9)",
    ],
)
def test_text_reads_back(text: str) -> None:
    signature = parse_signature(text)
    assert str(parse_signature(str(signature))) == str(signature)
    assert parse_signature(str(signature)) == signature


@pytest.mark.parametrize(
    "text",
    [
        "B in_features -> B out_features",
        "B 512 -> B 256 | B 512 L -> B 256 L where B*L > 1",
        "... *shape -> (... *shape, 7)",
    ],
)
def test_simple_signatures_print_as_written(text: str) -> None:
    assert str(parse_signature(text)) == text


def test_white_space_is_free() -> None:
    assert parse_signature("B  D\n->\tB 2\n where B > 1\n| D->2") == parse_signature("B D -> B 2 where B > 1 | D -> 2")


def test_axes_are_kept_in_normal_form() -> None:
    assert parse_shape("B (2*(H//2)//2)") == parse_shape("B (H//2)")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty signature"),
        ("B 512", "no '->'"),
        ("B 512 | B 512 -> B 256", "no '->' in 'B 512'"),
        ("B (H -> B", "unbalanced brackets"),
        ("B H) -> B", "unbalanced brackets"),
        ("... D ... -> D", "more than one"),
        ("B H! -> B", "bad axis 'H!'"),
        ("B 'x' -> B", "not a dimension"),
        ("B True -> B", "not a dimension"),
        ("B 0.5 -> B", "not a dimension"),
        ("B H.x -> B", "bad axis"),
        ("B *3 -> B", "not a name"),
        ("B open(3) -> B", "call not allowed"),
        ("B -> B -> B", "bad axis '->'"),
        ("B -> B where B >", "bad condition"),
    ],
)
def test_invalid_notation_is_refused(text: str, reason: str) -> None:
    with pytest.raises(SignatureError, match=reason.replace("(", r"\(")):
        parse_signature(text)


@pytest.mark.parametrize("file", SIGNATURE_FILES)
def test_every_built_in_signature_reads_back(file: str) -> None:
    for component in SignatureFile.validated(rules_folder.load(f"signatures/{file}.yaml")).components:
        for row in component.rows:
            signature = parse_signature(row.shapes)
            assert parse_signature(str(signature)) == signature


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((B, 512), "(B, 512)"),
        ((B,), "(B,)"),
        ((), "()"),
        ((B, 512, (H - 1) // 32 + 1), "(B, 512, (H-1)//32+1)"),
        ((B, UNKNOWN_DIM), "(B, ?)"),
        (StructureValue("list", ((B, 7), (B, 9))), "list of (B, 7), (B, 9)"),
        (None, "?"),
    ],
)
def test_format_shape(value: Any, text: str) -> None:
    assert format_shape(value) == text


def test_format_axis() -> None:
    assert [format_axis(axis) for axis in (7, H, symbol("kernel[0]"), H + 1)] == ["7", "H", "kernel[0]", "(H+1)"]


# Substitution -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arguments", "result"),
    [
        ("... i -> ... o", {"i": 512, "o": 256}, "... 512 -> ... 256"),
        ("B i -> B o", {"i": 512}, "B 512 -> B o"),
        ("... *shape -> ... *shape", {"shape": [3, 7]}, "... 3 7 -> ... 3 7"),
        ("... *shape -> ... *shape", {"shape": 5}, "... 5 -> ... 5"),
        ("B L -> B (L*k[0]) k[1]", {"k": 3}, "B L -> B (3*L) 3"),
        ("B L -> B (L*k[0]) k[1]", {"k": (2, 5)}, "B L -> B (2*L) 5"),
        ("B L -> B (L*scale)", {"scale": 2.0}, "B L -> B (2*L)"),
        ("B i -> B o", {"i": H // 2, "o": 7}, "B (H//2) -> B 7"),
    ],
)
def test_substitute(text: str, arguments: dict[str, Any], result: str) -> None:
    assert str(substitute(parse_signature(text), arguments)) == result


@pytest.mark.parametrize("value", [None, UNKNOWN_DIM, "same", 0.5, (3,), (None, None), ((1, 2), (3, 4)), {}])
def test_a_value_that_is_not_a_dimension_is_unknown_and_not_a_free_axis(value: Any) -> None:
    """`k[1]` of a list with one element, a text, a fraction: nothing certainly fits or contradicts it."""
    result = fit("B k[1] -> B k[1] (k[1]//2)", (B, 7), k=value)
    assert result.output == (B, UNKNOWN_DIM, UNKNOWN_DIM)
    assert result.assumed == ()


def test_arguments_are_substituted_in_conditions() -> None:
    text = "B D -> B D where mode == 'wide' and D % groups == 0"
    assert fit(text, (B, 8), mode="wide", groups=4)
    assert misfit(text, (B, 8), mode="narrow", groups=4).condition == "mode == 'wide'"
    assert misfit(text, (B, 8), mode="wide", groups=3).condition == "D % 3 == 0"


def test_division_by_an_argument_of_zero_is_unknown() -> None:
    assert fit("B H -> B (H//stride) where H % stride == 0", (B, 7), stride=0).output == (B, UNKNOWN_DIM)


# Unification --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shape", "output"),
    [
        ("B 512 -> B 256", (B, 512), (B, 256)),
        ("B 512 -> B 256", (32, 512), (32, 256)),
        ("... 512 -> ... 256", (512,), (256,)),
        ("... 512 -> ... 256", (B, 197, 512), (B, 197, 256)),
        ("B 3 H W -> B 512 ((H-1)//32+1) (W//32)", (B, 3, 224, 96), (B, 512, 7, 3)),
        ("B 3 H W -> B ((H-1)//4+1) W", (B, 3, H * 2, W), (B, (2 * H - 1) // 4 + 1, W)),
        ("B C ... -> B (C*prod(...))", (B, 512, 7, 7), (B, 25088)),
        ("B C ... -> B (C*prod(...))", (B, 512), (B, 512)),
        ("B C ... -> B (C*prod(...))", (B, 2, H, W), (B, 2 * H * W)),
        ("... H W -> ... W H", (H, W), (W, H)),
        ("... H W -> ... W H", (W, H, 3), (W, 3, H)),
        ("B A A -> B A", (B, 7, 7), (B, 7)),
        ("B 512 -> B 1 | B 512 L -> B 2 L", (B, 512, L), (B, 2, L)),
    ],
)
def test_fit(text: str, shape: Shape, output: Shape) -> None:
    result = fit(text, shape)
    assert result.output == output
    assert result.assumed == ()


def test_names_of_the_input_are_not_those_of_the_signature() -> None:
    """The chain's H and W may be matched with those of the signature in any order."""
    assert fit("B C H W -> B C (H//2) (W//4)", (B, C, W, H)).output == (B, C, W // 2, H // 4)


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("B 512 -> B 256", (B, 256), {"kind": "axis", "axis": 1, "expected": 512, "actual": 256}),
        ("... 512 -> ... 256", (B, 7, 256), {"kind": "axis", "axis": 2, "expected": 512, "actual": 256}),
        ("B 512 ... -> B", (B, 256, 7), {"kind": "axis", "axis": 1, "expected": 512, "actual": 256}),
        ("B A A -> B A", (B, 7, 8), {"kind": "axis", "axis": 2, "expected": 7, "actual": 8}),
        ("B 512 -> B 256", (B, 512, 7, 7), {"kind": "rank", "expected": 2, "actual": 4}),
        ("... C H W -> ... C", (H, W), {"kind": "rank", "expected": 3, "actual": 2}),
        ("B D -> B D where B > 1", (1, 512), {"kind": "condition", "condition": "B > 1"}),
        ("B H -> B H where H > 2 and (H % 16 == 0 or H < 9)", (B, 17), {"condition": "H % 16 == 0 or H < 9"}),
        ("B H -> B (H-3)", (B, 3), {"kind": "condition", "condition": "H-3 >= 1"}),
        ("B H -> (B H, B ((H-1)//2-2))", (B, 5), {"kind": "condition", "condition": "(H-1)//2-2 >= 1"}),
    ],
)
def test_misfit(text: str, shape: Shape, expected: dict[str, Any]) -> None:
    result = misfit(text, shape)
    assert {name: getattr(result, name) for name in expected} == expected
    assert str(result.alternative) == text


@pytest.mark.parametrize(
    ("text", "shape", "kind", "alternative"),
    [
        ("B 512 -> B 1 | B 512 L -> B 1 L", (B, 256, L), "axis", 1),
        ("B 512 L -> B 1 L | B 512 -> B 1", (B, 256), "axis", 1),
        ("B 512 -> B 1 | B 512 L -> B 1 L", (B, 256, 7, 7), "rank", 0),
        ("B 9 -> B 1 | B D -> B 1 where D > 4", (B, 3), "condition", 1),
        ("B D, B D -> B | B 512 -> B", (B, 256), "axis", 1),
    ],
)
def test_the_nearest_alternative_gives_the_reason(text: str, shape: Shape, kind: str, alternative: int) -> None:
    result = misfit(text, shape)
    assert result.kind == kind
    assert result.alternative == parse_signature(text).alternatives[alternative]


def test_a_fit_for_some_sizes_lists_its_assumptions() -> None:
    result = fit("B 512 7 -> B", (B, 512, (H - 1) // 32 + 1))
    assert result.assumed == ((2, 7, (H - 1) // 32 + 1),)


def test_a_certain_fit_is_preferred_to_an_assumed_one() -> None:
    assert fit("B 7 -> B 1 | B D -> B 2", (B, H)).output == (B, 2)
    assert fit("B 7 -> B 1 | B 9 -> B 2", (B, H)).output == (B, UNKNOWN_DIM)
    assert fit("B 7 -> B 1 | B 9 -> (B 1, B 2)", (B, H)).output == (B, 1)


def test_an_unknown_condition_is_not_a_misfit() -> None:
    assert fit("B D -> B D where B > 1", (B, 512)).output == (B, 512)


def test_the_unknown_fits_everywhere_and_assumes_nothing() -> None:
    result = fit("B 512 -> B 256", (B, UNKNOWN_DIM))
    assert (result.output, result.assumed) == ((B, 256), ())
    assert fit("... D -> ... (2*D)", (B, UNKNOWN_DIM)).output == (B, UNKNOWN_DIM)


def test_several_inputs_share_their_names() -> None:
    text = "B L 8, B S 8 -> (B L 8, B L S)"
    assert fit(text, (B, 5, 8), (B, 7, 8)).output == StructureValue("tuple", ((B, 5, 8), (B, 5, 7)))
    wrong = misfit(text, (2, 5, 8), (3, 7, 8))
    assert (wrong.kind, wrong.input, wrong.axis, wrong.expected, wrong.actual) == ("axis", 1, 0, 2, 3)
    count = misfit(text, (B, 5, 8))
    assert (count.kind, count.expected, count.actual) == ("arity", 2, 1)


def test_an_ellipsis_is_the_same_in_every_input() -> None:
    text = "... 4, ... 2 -> ... 3"
    assert fit(text, (B, 7, 4), (B, 7, 2)).output == (B, 7, 3)
    assert fit(text, (B, H, 4), (B, 7, 2)).output == (B, H, 3)
    wrong = misfit(text, (B, 7, 4), (B, 8, 2))
    assert (wrong.kind, wrong.input, wrong.axis, wrong.expected, wrong.actual) == ("axis", 1, 1, 7, 8)
    rank = misfit(text, (B, 7, 4), (B, 2))
    assert (rank.kind, rank.input, rank.expected, rank.actual) == ("rank", 1, 3, 2)


def test_an_axis_of_zero_is_passed_on_but_none_is_left_of_a_kernel_that_does_not_fit() -> None:
    assert fit("B D -> B D", (B, 0)).output == (B, 0)
    assert fit("B i -> B o", (B, 5), i=5, o=0).output == (B, 0)
    assert misfit("B D -> B (D-5)", (B, 5)).condition == "D-5 >= 1"


def test_parentheses_are_an_axis_or_a_tuple_of_one_tensor() -> None:
    outputs = [parse_signature(f"B H -> {text}").alternatives[0].output for text in ("(B H)", "(B H,)", "(H-1)")]
    assert [str(output) for output in outputs] == ["(B H,)", "(B H,)", "(H-1)"]


def test_structures_are_returned_as_written() -> None:
    result = fit("B D -> {feature: B 512, all: [B D, (B 1,)]}", (B, 9)).output
    inner = StructureValue("list", ((B, 9), StructureValue("tuple", ((B, 1),))))
    assert result == StructureValue("dict", ((B, 512), inner), ("feature", "all"))


# Arguments that nobody should write ---------------------------------------------------------------------------------

ODD: list[Any] = [
    0,
    -1,
    10**30,
    True,
    1.5,
    "same",
    None,
    UNKNOWN_DIM,
    (),
    (3,),
    (1, 2, 3, 4),
    [None],
    {"a": 1},
    ((2,), (3,)),
]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_arguments_never_crash(value: Any) -> None:
    """Every row of every torch.nn layer, with each argument odd in turn, gives a fit, a misfit, or no row."""
    file = SignatureFile.validated(rules_folder.load("signatures/torch.nn.yaml"))
    reached = 0
    for component in file.components:
        plain = {p.name: 4 if p.required or p.default is None else p.default for p in component.parameters}
        for name in plain:
            arguments = {**plain, name: value}
            for row in component.rows:
                try:
                    applies = evaluate(row.when, arguments) if row.when else True
                except OperandError:
                    continue
                if applies is True:
                    signature = substitute(parse_signature(row.shapes), arguments)
                    inputs = [(B, 4, 8, 8)] * len(signature.alternatives[0].inputs)
                    assert isinstance(unify(signature, *inputs), (Fit, Misfit))
                    reached += 1
    assert reached > 100


def test_a_dict_is_shown_without_its_keys_and_an_object_with_them() -> None:
    for kind, shown in (("dict", "dict of (B, 3), (B, 5)"), ("Output", "Output of a (B, 3), b (B, 5)")):
        assert format_shape(StructureValue(kind, ((B, 3), (B, 5)), ("a", "b"))) == shown


def test_elements_of_a_list_argument_that_is_a_symbol() -> None:
    assert evaluate("sizes[0]", {"sizes": symbol("s")}) == symbol("s[0]")
    assert evaluate("sizes[0]", {"sizes": UNKNOWN_DIM}) is UNKNOWN_DIM
    assert evaluate("sizes[0] + sizes[1]", {"sizes": 7}) == 14


def test_a_condition_on_an_element_of_a_list_argument() -> None:
    text = "B *sizes -> B sizes[0] where sizes[0] > 3"
    assert fit(text, (B, 4, 5), sizes=(4, 5)).output == (B, 4)
    assert misfit(text, (B, 2, 5), sizes=(2, 5)).kind == "condition"


def test_the_last_of_a_list_argument_is_its_last_whatever_its_length() -> None:
    signature = parse_signature("... widths[0] -> ... widths[-1]")
    assert str(substitute(signature, {"widths": [8, 16, 4]})) == "... 8 -> ... 4"
    assert str(substitute(signature, {"widths": [8]})) == "... 8 -> ... 8"
    assert str(substitute(signature, {"widths": 6})) == "... 6 -> ... 6"
