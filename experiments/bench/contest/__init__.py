"""What `search.py` is made of: tasks, the methods that compete on them, statistics, a table and a plot.

A task is a plain folder (`../README.md` says what must be in it). A method is a function that takes a task, a
seed and a number of evaluations and returns a `Trace`; `methods.py` lists them.
"""
