"""Lessons: what episodes teach, counted, graded on predictions, and worth what was measured.

`lesson` holds the words, `judge` turns evidence into a lesson, `distil` and `learner` learn, `ledger` keeps
them in git, `recall` brings them to attempts.
"""
