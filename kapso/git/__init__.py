"""The git engine: attempts as commits, runs as refs. It knows git, and nothing of the loop.

repository   objects, through pygit2; trees, snapshots, checkouts
refs         refs, through one resident `git update-ref`
layout       the names of a run's refs
trailers     results as lines of a commit message
attempts     an attempt as a commit, and back
ledger       files in the tree of a ref: records, hold-out results
landing      the steps by which an attempt becomes final, in an order that survives a kill

The user's working tree, index, HEAD, config, hooks, reflogs and other refs are never touched.
pygit2 costs 77 ms to import, so nothing is imported here.
"""
