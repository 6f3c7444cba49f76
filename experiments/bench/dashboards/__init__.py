"""What `dashboard.py` looks at."""
