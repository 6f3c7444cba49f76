"""`kapso init`: from the files of a folder to a goal that works, or one sentence on what is missing.

`folder` reads, `kinds/` recognises programs, `scoring` finds ways to score them, `trial` runs them as
`kapso doctor` does, `render` writes the goal. Only committed files count: a run sees no others.
"""
