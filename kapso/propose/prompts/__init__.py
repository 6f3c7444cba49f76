"""What models and agents are told: templates, and what is packed into them.

The templates stand in `templates/`; a goal's `prompts:` folder overrides them by name. Variables of each are
the fields of `Material`, and what the functions that render them add. `{% include "kapso/goal.md.j2" %}` in
a template of the user's is ours of that name.
"""

from kapso.propose.prompts.agent import Prompt, agent_prompt, mend_prompt
from kapso.propose.prompts.templates import Templates
from kapso.propose.prompts.text import count_tokens

__all__ = ["Prompt", "Templates", "agent_prompt", "count_tokens", "mend_prompt"]
