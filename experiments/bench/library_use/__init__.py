"""Three tasks whose winning move stands in a playbook, a document and a history, and a model that reads."""
