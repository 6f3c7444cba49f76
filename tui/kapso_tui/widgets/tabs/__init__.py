"""The tabs of an attempt, one module each: what was read becomes rows of a page, off the app's own thread."""
