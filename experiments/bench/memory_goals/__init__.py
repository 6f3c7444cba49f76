"""The world of `memory.py`: one repository with families of goals, and a program with planted traps."""
