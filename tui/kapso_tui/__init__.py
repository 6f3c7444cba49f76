"""The dashboard, the only package that knows about screens; it may import `kapso`, never the other way round.

Empty in this version: the screens are not built yet, and `kapso tui` says so.
"""
