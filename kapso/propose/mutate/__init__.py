"""mutate: structural edits on the syntax tree, in Python, C, C++, Rust, Go, Java, JavaScript and TypeScript.

It sees all edits of the parent's code that its operators know (`operators.py` lists them), draws one that
was not tried, promising ones first, and learns which operators, functions and statements move the score.
Expressions grow by small steps (`growth.py`), and how far a step is followed is measured (`leaps.py`).
Comments, strings, imports, assertions, tests and signatures stay as they are, and so does a line that says
`kapso: fixed`.
Between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END, where a file has them, only what stands between them counts.
"""

from kapso.propose.mutate.proposer import Mutate

__all__ = ["Mutate"]
