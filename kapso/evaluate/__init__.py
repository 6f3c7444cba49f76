"""Evaluation: build, checks, run, scoring and hold-out; what the numbers mean and how far to trust them."""
