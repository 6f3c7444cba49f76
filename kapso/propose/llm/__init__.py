"""Chat models that write edits: what is sent, the call, and what becomes of the reply."""
