"""Kapso: improves a program attempt by attempt, every attempt a git branch."""
