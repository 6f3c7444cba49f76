"""What the dashboard does: start processes, leave runs a word, decide, bring results home."""
