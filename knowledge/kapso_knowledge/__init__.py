"""The library: knowledge from outside, as typed nodes with provenance. Knows nothing about attempts.

Empty in this version: the ingester and the search are not built yet; `kapso learn` and `kapso search` say so.
"""
