"""`ablate`: takes the best's diff apart, hunk by hunk and then edit by edit: which parts earn the score?

`pieces` cuts the diff, `study` decides what to leave out next, `subject` ties both to the attempts of a run,
`dissection` tells people what was found; the proposer itself says when it is time.
"""

from kapso.propose.ablate.proposer import Ablate

__all__ = ["Ablate"]
