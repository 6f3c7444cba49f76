"""The sandbox: commands that cannot see, touch or outlive what they should not, and what they cost.

sandbox = Sandbox.open(settings, workspace=..., private=[...], cache=...)
base = sandbox.base(checkout, shared={})
with base.candidate(Layer(changes), hidden=["evaluate.py"], slot=0) as candidate:
    result = candidate.run(job, cancel)
"""

from kapso.evaluate.sandbox.base import Base, CandidateFiles
from kapso.evaluate.sandbox.capture import secrets_in
from kapso.evaluate.sandbox.files import Written
from kapso.evaluate.sandbox.job import Call, CommandResult, Job, Layer, Limits
from kapso.evaluate.sandbox.outputs import take_over
from kapso.evaluate.sandbox.sandbox import Sandbox
from kapso.evaluate.sandbox.warm import Lost

__all__ = [
    "Base",
    "Call",
    "CandidateFiles",
    "CommandResult",
    "Job",
    "Layer",
    "Limits",
    "Lost",
    "Sandbox",
    "Written",
    "secrets_in",
    "take_over",
]
