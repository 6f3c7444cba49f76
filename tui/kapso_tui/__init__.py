"""The dashboard, the only package that knows about screens; it may import `kapso`, never the other way round.

`watch/` is what it knows of runs, `actions/` what it does to them, `screens/` and `widgets/` what is seen. A
run is a process of its own: the dashboard reads what it leaves and leaves it words, and never holds it up.
"""
