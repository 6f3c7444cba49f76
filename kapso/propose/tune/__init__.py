"""tune: finds the settings of a program in its text and searches for better values.

Numbers and booleans of Python, C, C++, Rust, Go, JavaScript, TypeScript, Java, YAML, TOML and JSON are found
by themselves, and so are the build flags of Makefiles, shell scripts, CMakeLists.txt and Cargo.toml.
Markers in comments on the same line (`#`, `//`, `/* */`, `;`) say more, behind the value or, within
`/* */`, before it; one that names values anywhere in the editable files means that only what is marked
is tuned:

    rate = 0.05        # kapso: 0.001..1 log      a range, ends included
    depth = 8          # kapso: 1..64 int         whole numbers only
    solver = "adam"    # kapso: adam|sgd          choices: words, numbers or true, false; also `[adam, sgd]`
    STAGES = [a, b, c] # kapso: order             the parts may stand in any order
    CELLS = 128        # kapso: fixed             leave this literal (or these flags) alone
    heat = 2.5         # kapso: 0.1..10 if COOLS  only while COOLS is true; `if not COOLS`, `if MODE == x`

A string constant that the code compares with others (`MODE == "exact"`) is a choice between them, and
a setting that is a member of an enumeration of its file (`MODE = Kind.LRU`) one between all members. What
stands within `if COOLS:`, where COOLS is a constant of the file, is left alone while it is not run.
A marker speaks of every literal of its kind on its line. In files of other kinds (INI, SQL, …) marked
lines alone are tuned. Between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END, where a file has them, only what
stands between them counts.
"""

from kapso.propose.tune.proposer import Tune

__all__ = ["Tune"]
