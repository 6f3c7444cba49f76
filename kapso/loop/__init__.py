"""The loop: the graph of one attempt, the campaign around it, and the session from start to summary."""
