"""What `harness.py` is made of: a scripted model and its stream of edits, the harnesses that ask it, and
what is measured of them.

A side (`sides.py`) tells how one harness is started, resumed, and where it keeps what it evaluated.
"""
