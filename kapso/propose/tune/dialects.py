"""What the grammars of C, C++, Rust, Go, JavaScript, TypeScript and Java call the things that tune looks at.

Kinds that are searched for must exist in the grammar; kinds that are met on the way up need not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Dialect:
    """The kinds of one grammar; where a kind maps to a field, the field holds the name or the part meant.

    `never`: nothing inside is a setting. `pinned`: nothing in that part of it is. `sizes`: parts whose
    names give an array its size. `indexed`: only the first child may hold settings. `declared`, `assigned`
    and `offered` (parameters, fields, keys) give a literal its name. `typed`: settings only where the type
    is built in. `sized_calls`: functions that make arrays of a given length.
    """

    numbers: tuple[str, ...]
    strings: tuple[str, ...]
    comments: tuple[str, ...]
    lists: tuple[str, ...]
    never: frozenset[str]
    pinned: Mapping[str, str]
    sizes: Mapping[str, str]
    indexed: frozenset[str]
    declared: Mapping[str, str]
    assigned: Mapping[str, str]
    offered: Mapping[str, str]
    scopes: Mapping[str, str]
    functions: frozenset[str]
    calls: Mapping[str, str]
    statements: Mapping[str, str]
    plain: frozenset[str]
    typed: frozenset[str] = frozenset()
    sized_calls: str = ""

    @cached_property
    def naming(self) -> Mapping[str, str]:
        """Everything that gives a literal a name of its own."""
        return {**self.declared, **self.assigned, **self.offered}


_C = Dialect(
    numbers=("number_literal", "true", "false"),
    strings=("string_literal",),
    comments=("comment", "preproc_arg"),  # a `#define` keeps the comment behind its value as part of it
    lists=("initializer_list",),
    never=frozenset({
        "enumerator", "bitfield_clause", "template_argument_list", "static_assert_declaration",
        "string_literal", "preproc_include", "attribute_specifier", "alignas_qualifier", "new_declarator",
        "type_descriptor", "sizeof_expression", "throw_statement", "ERROR",
    }),
    pinned={"preproc_if": "condition", "preproc_elif": "condition", "case_statement": "value"},
    sizes={"array_declarator": "size"},
    indexed=frozenset({"subscript_expression"}),
    declared={"init_declarator": "declarator"},
    assigned={"assignment_expression": "left"},
    offered={
        "optional_parameter_declaration": "declarator", "field_declaration": "declarator",
        "initializer_pair": "designator",
    },
    scopes={
        "function_definition": "declarator", "class_specifier": "name", "struct_specifier": "name",
        "namespace_definition": "name",
    },
    functions=frozenset({"function_definition", "lambda_expression"}),
    calls={"call_expression": "function"},
    statements={
        "if_statement": "if", "while_statement": "while", "do_statement": "while", "for_statement": "for",
        "return_statement": "return", "conditional_expression": "if", "switch_statement": "switch",
    },
    plain=frozenset({
        "initializer_list", "parenthesized_expression", "declaration", "translation_unit",
    }),
)  # fmt: skip

_RUST = Dialect(
    numbers=("integer_literal", "float_literal", "boolean_literal"),
    strings=("string_literal",),
    comments=("line_comment", "block_comment"),
    lists=("array_expression", "token_tree"),
    never=frozenset({
        "enum_variant", "type_arguments", "type_parameters", "attribute_item", "inner_attribute_item",
        "macro_definition", "match_pattern", "string_literal", "use_declaration", "extern_crate_declaration",
        "tuple_struct_pattern", "range_pattern", "ERROR",
    }),
    pinned={"let_condition": "pattern", "field_expression": "field", "array_expression": "length"},
    sizes={"array_type": "length", "array_expression": "length"},
    indexed=frozenset({"index_expression"}),
    declared={"let_declaration": "pattern", "const_item": "name", "static_item": "name"},
    assigned={"assignment_expression": "left", "compound_assignment_expr": "left"},
    offered={"field_initializer": "field"},
    scopes={
        "function_item": "name", "impl_item": "type", "mod_item": "name", "trait_item": "name",
    },
    functions=frozenset({"function_item", "closure_expression"}),
    calls={"call_expression": "function", "macro_invocation": "macro"},
    statements={
        "if_expression": "if", "while_expression": "while", "for_expression": "for",
        "loop_expression": "loop", "return_expression": "return", "match_expression": "match",
    },
    plain=frozenset({
        "array_expression", "tuple_expression", "parenthesized_expression", "reference_expression",
        "struct_expression", "field_initializer_list", "token_tree",
    }),
)  # fmt: skip

_GO = Dialect(
    numbers=("int_literal", "float_literal", "true", "false"),
    strings=("interpreted_string_literal",),
    comments=("comment",),
    lists=("literal_value",),
    never=frozenset({
        "import_declaration", "interpreted_string_literal", "raw_string_literal", "type_arguments", "ERROR",
    }),
    pinned={"expression_case": "value"},
    sizes={"array_type": "length"},
    indexed=frozenset({"index_expression", "slice_expression"}),
    declared={"const_spec": "name", "var_spec": "name", "short_var_declaration": "left"},
    assigned={"assignment_statement": "left"},
    offered={"keyed_element": "key"},
    scopes={"function_declaration": "name", "method_declaration": "name", "type_spec": "name"},
    functions=frozenset({"function_declaration", "method_declaration", "func_literal"}),
    calls={"call_expression": "function"},
    statements={
        "if_statement": "if", "for_statement": "for", "return_statement": "return",
        "expression_switch_statement": "switch",
    },
    plain=frozenset({
        "literal_value", "literal_element", "expression_list", "composite_literal",
        "parenthesized_expression",
    }),
    sized_calls="make",
    typed=frozenset({"const_spec"}),
)  # fmt: skip

_JS = Dialect(
    numbers=("number", "true", "false"),
    strings=("string",),
    comments=("comment",),
    lists=("array",),
    never=frozenset({
        "import_statement", "export_clause", "string", "template_string", "regex", "decorator",
        "throw_statement", "enum_assignment", "literal_type", "type_annotation", "type_arguments",
        "type_alias_declaration", "interface_declaration", "ambient_declaration", "index_type_query",
        "ERROR",
    }),
    pinned={"switch_case": "value"},
    sizes={},
    indexed=frozenset({"subscript_expression"}),
    declared={"variable_declarator": "name"},
    assigned={"assignment_expression": "left", "augmented_assignment_expression": "left"},
    offered={
        "pair": "key", "assignment_pattern": "left", "object_assignment_pattern": "left",
        "required_parameter": "pattern", "optional_parameter": "pattern", "field_definition": "property",
        "public_field_definition": "name",
    },
    scopes={
        "function_declaration": "name", "generator_function_declaration": "name",
        "method_definition": "name", "class_declaration": "name",
    },
    functions=frozenset({
        "function_declaration", "generator_function_declaration", "method_definition", "arrow_function",
        "function_expression", "generator_function", "class_static_block",
    }),
    calls={"call_expression": "function", "new_expression": "constructor"},
    statements={
        "if_statement": "if", "while_statement": "while", "do_statement": "while", "for_statement": "for",
        "for_in_statement": "for", "return_statement": "return", "ternary_expression": "if",
        "switch_statement": "switch",
    },
    plain=frozenset({
        "array", "object", "parenthesized_expression", "as_expression", "satisfies_expression",
    }),
    sized_calls=r"Array|\w*Buffer|alloc|(Big)?(Ui|I)nt\d+(Clamped)?Array|Float\d+Array",
)  # fmt: skip

_JAVA = Dialect(
    numbers=(
        "decimal_integer_literal", "hex_integer_literal", "decimal_floating_point_literal", "true", "false",
    ),
    strings=("string_literal",),
    comments=("line_comment", "block_comment"),
    lists=("array_initializer",),
    never=frozenset({
        "enum_constant", "annotation", "string_literal", "throw_statement", "switch_label", "dimensions_expr",
        "type_arguments", "import_declaration", "package_declaration", "assert_statement", "ERROR",
    }),
    pinned={},
    sizes={"array_creation_expression": "dimensions"},
    indexed=frozenset({"array_access"}),
    declared={"variable_declarator": "name"},
    assigned={"assignment_expression": "left"},
    offered={},
    scopes={
        "method_declaration": "name", "constructor_declaration": "name", "class_declaration": "name",
        "record_declaration": "name", "interface_declaration": "name", "enum_declaration": "name",
    },
    functions=frozenset({
        "method_declaration", "constructor_declaration", "lambda_expression", "static_initializer",
    }),
    calls={"method_invocation": "name", "object_creation_expression": "type"},
    statements={
        "if_statement": "if", "while_statement": "while", "do_statement": "while", "for_statement": "for",
        "enhanced_for_statement": "for", "return_statement": "return", "ternary_expression": "if",
        "switch_expression": "switch",
    },
    plain=frozenset({"array_initializer", "array_creation_expression", "parenthesized_expression"}),
)  # fmt: skip

DIALECTS: Mapping[str, Dialect] = {
    "c": _C, "cpp": _C, "rust": _RUST, "go": _GO, "javascript": _JS, "typescript": _JS, "tsx": _JS,
    "java": _JAVA,
}  # fmt: skip
