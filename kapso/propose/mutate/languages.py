"""What mutate knows about each language: how its grammar calls things, and how its words are spelt.

The grammars share most names of kinds, so one table of roles serves them all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Language:
    """How a language spells what mutate writes. `name` is the parser's, `end` closes a statement."""

    name: str
    true: str = "true"
    false: str = "false"
    negated: str = "!({})"
    end: str = ";"

    @property
    def is_python(self) -> bool:
        return self.name == "python"

    @property
    def is_checked(self) -> bool:
        """Whether a compiler refuses what mixes whole numbers, fractions and other things."""
        return self.name not in {"python", "javascript", "typescript", "tsx"}


_PYTHON = Language("python", "True", "False", "not ({})", "")
_LANGUAGES = {
    **{f".{suffix}": Language("cpp") for suffix in "cc cpp cxx cu h hh hpp hxx cuh inl".split()},
    **{f".{suffix}": Language("javascript") for suffix in ("js", "mjs", "cjs", "jsx")},
    **{f".{suffix}": Language("typescript") for suffix in ("ts", "mts", "cts")},
    ".c": Language("c", "1", "0"), ".go": Language("go", end=""), ".rs": Language("rust"),
    ".py": _PYTHON, ".tsx": Language("tsx"), ".java": Language("java"),
}  # fmt: skip


def language_of(path: str) -> Language | None:
    """The language of a file, by its suffix."""
    return _LANGUAGES.get(PurePosixPath(path).suffix.lower())


FUNCTIONS = frozenset({
    "function_definition", "function_item", "function_declaration", "method_declaration", "func_literal",
    "generator_function_declaration", "generator_function", "function_expression", "method_definition",
    "arrow_function", "lambda_expression", "closure_expression", "constructor_declaration",
})  # fmt: skip
HOLDERS = frozenset({
    "class_definition", "class_declaration", "class_specifier", "struct_specifier", "impl_item", "mod_item",
    "namespace_definition", "trait_item", "class", "record_declaration",
})  # fmt: skip
"""What gives the functions inside it a first name."""
BLOCKS = frozenset({
    "module", "block", "translation_unit", "compound_statement", "source_file", "statement_list", "program",
    "statement_block", "case_statement", "switch_case", "expression_case", "declaration_list",
    "switch_block_statement_group", "constructor_body",
})  # fmt: skip
CASES = frozenset({"case_statement", "switch_case", "expression_case", "switch_block_statement_group"})
FALLING = CASES - {"expression_case"}
"""Cases that run on into the next one unless something ends them."""
COMMENTS = frozenset({"comment", "line_comment", "block_comment", "html_comment"})
STRINGS = frozenset({
    "string", "concatenated_string", "string_literal", "raw_string_literal", "char_literal",
    "template_string", "interpreted_string_literal", "rune_literal", "regex", "system_lib_string",
    "character_literal",
})  # fmt: skip
IMPORTS = frozenset({
    "import_statement", "import_from_statement", "future_import_statement", "use_declaration",
    "import_declaration", "package_clause", "package_declaration", "extern_crate_declaration",
    "using_declaration", "export_statement", "linkage_specification",
})  # fmt: skip
NEVER = (COMMENTS | STRINGS | IMPORTS) | {
    "ERROR", "type", "type_annotation", "type_arguments", "type_parameters", "generic_type",
    "template_argument_list", "template_parameter_list", "type_identifier", "primitive_type",
    "type_descriptor", "decorator", "attribute_item", "inner_attribute_item", "token_tree", "parameters",
    "lambda_parameters", "parameter_list", "formal_parameters", "function_declarator", "closure_parameters",
    "global_statement", "nonlocal_statement", "type_alias_statement", "type_declaration", "type_item",
    "type_alias_declaration", "interface_declaration", "enum_specifier", "enum_item", "enum_declaration",
    "struct_item", "macro_definition", "static_assert_declaration", "type_definition", "reference_type",
    "pointer_type", "array_type", "slice_type", "map_type", "function_type", "optional_parameters",
    "sizeof_expression", "case_pattern", "match_pattern", "debugger_statement", "asm_statement",
    "preproc_include", "preproc_def", "preproc_function_def", "preproc_call", "preproc_if", "preproc_ifdef",
    "preproc_else", "preproc_elif", "preproc_directive", "preproc_arg", "gnu_asm_expression",
    "field_declaration_list", "struct_type", "interface_type", "const_declaration", "assert_statement",
    "modifiers", "dimensions", "integral_type", "floating_point_type", "void_type", "boolean_type",
    "switch_label", "throws",
}  # fmt: skip
"""What is never looked into: comments, strings, imports, types, signatures, assertions, the preprocessor."""
DECLARATIONS = frozenset({
    "declaration", "let_declaration", "short_var_declaration", "var_declaration", "lexical_declaration",
    "variable_declaration", "const_item", "static_item", "const_declaration", "labeled_statement",
    "field_definition", "public_field_definition", "local_variable_declaration",
})  # fmt: skip
LOOPS = frozenset({
    "for_statement", "while_statement", "do_statement", "for_range_loop", "for_in_statement",
    "for_expression", "while_expression", "loop_expression", "enhanced_for_statement",
})  # fmt: skip
IFS = frozenset({
    "if_statement", "elif_clause", "if_expression", "conditional_expression", "ternary_expression"
})  # fmt: skip
WHILES = frozenset({"while_statement", "do_statement", "while_expression", "for_clause", "for_statement"})
BINARY = frozenset({"binary_operator", "boolean_operator", "comparison_operator", "binary_expression"})
ASSIGNMENTS = frozenset({
    "assignment", "augmented_assignment", "assignment_expression", "augmented_assignment_expression",
    "compound_assignment_expr", "assignment_statement",
})  # fmt: skip
BINDINGS = ASSIGNMENTS | {
    "init_declarator", "let_declaration", "short_var_declaration", "variable_declarator", "var_spec",
    "named_expression",
}  # fmt: skip
UPDATES = frozenset({"update_expression", "inc_statement", "dec_statement"})
UNARY = frozenset({"unary_operator", "unary_expression", "not_operator"})
CALLS = frozenset({"call", "call_expression", "method_invocation"})
ARGUMENTS = frozenset({"argument_list", "arguments"})
SUBSCRIPTS = frozenset({"subscript", "subscript_expression", "index_expression", "array_access"})
MEMBERS = frozenset(
    {"attribute", "field_expression", "member_expression", "selector_expression", "field_access"}
)
INTEGERS = frozenset({
    "integer", "number_literal", "integer_literal", "int_literal", "number", "decimal_integer_literal"
})  # fmt: skip
FLOATS = frozenset({"float", "float_literal", "decimal_floating_point_literal"})
EXITS = frozenset({
    "return_statement", "break_statement", "continue_statement", "return_expression", "break_expression",
    "continue_expression", "raise_statement", "throw_statement", "goto_statement",
})  # fmt: skip
LOOSE = frozenset({
    "conditional_expression", "ternary_expression", "lambda", "boolean_operator", "not_operator",
    "comparison_operator", "assignment_expression", "named_expression", "range_expression",
    "augmented_assignment_expression", "arrow_function", "closure_expression", "if_expression", "await",
    "match_expression", "comma_expression", "sequence_expression", "type_cast_expression", "yield",
    "generator_expression", "as_expression",
})  # fmt: skip
"""Expressions that bind less tightly than arithmetic does."""

PRECEDENCE = {
    **dict.fromkeys(("or", "||", "??"), 1), **dict.fromkeys(("and", "&&"), 2),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "===", "!==", "in", "not in", "is", "is not"), 3),
    "|": 4, "^": 5, "&": 6, "<<": 7, ">>": 7, ">>>": 7, "+": 8, "-": 8,
    **dict.fromkeys(("*", "/", "//", "%", "@"), 9), "**": 10,
}  # fmt: skip
"""How tightly operators bind, near enough to know where parentheses are due."""

_QUOTED = r'"(?:\\.|[^"\\\n])*"'
_PYTHON_TOKENS = re.compile(
    rf"""(?P<string>'''(?s:\\.|.)*?'''|\"\"\"(?s:\\.|.)*?\"\"\"|{_QUOTED}|'(?:\\.|[^'\\\n])*')|\#[^\r\n]*"""
)
_SCRIPT_QUOTES = r"`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'"
_QUOTES = {
    "rust": r"'(?:\\.[^']*|[^'\\\n])'",
    "go": r"`[^`]*`|'(?:\\.[^']*|[^'\\\n])'",
    "java": r'"""(?s:\\.|.)*?"""|' + r"'(?:\\.[^']*|[^'\\\n])'",
}
_PROSE = {"python": _PYTHON_TOKENS} | {
    name: re.compile(rf"(?P<string>{_QUOTES.get(name, _SCRIPT_QUOTES)}|{_QUOTED})|//[^\r\n]*|/\*(?s:.*?)\*/")
    for name in ("c", "cpp", "rust", "go", "javascript", "typescript", "tsx", "java")
}


def places_in_code(text: str, language: Language, pattern: re.Pattern[str]) -> list[int]:
    """Where a pattern begins outside of comments and strings."""
    bare = _PROSE[language.name].sub(lambda match: " " * len(match[0]), text)
    return [match.start() for match in pattern.finditer(bare)]
