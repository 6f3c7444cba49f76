"""What the dashboard knows: read from git, the episodic log and journals, without waiting for any run."""
