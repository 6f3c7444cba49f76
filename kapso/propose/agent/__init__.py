"""`agent`: any coding agent with a command line writes the edit, in a private copy, inside the sandbox.

The agent may use the network and sees no more of the user's than what `env` and `home` name. Whatever it
left changed within `edit` is the candidate.
"""

from kapso.propose.agent.proposer import Agent
from kapso.propose.agent.site import Site

__all__ = ["Agent", "Site"]
