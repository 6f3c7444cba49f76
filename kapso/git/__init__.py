"""The git engine: attempts as commits, runs as refs. It knows git, and nothing of the loop.

repository   the repository as a whole: open it here
discovery    which repositories can be used, and the remedy for the others
objects      blobs, trees and commits through pygit2; trees: how trees are rewritten
refs         refs, through one resident `git update-ref`
checkout     a commit's files in a folder; conversion, lfs: what a checkout does to their bytes
snapshot     the user's uncommitted work as a tree
layout       the names of a run's refs
trailers     results as lines of a commit message
attempts     an attempt as a commit, and back
ledger       files in the tree of a ref: records, hold-out results
landing      the steps by which an attempt becomes final, in an order that survives a kill
command      how git is run; durability: what is on disk before a ref moves

The user's working tree, index, HEAD, config, hooks, reflogs and other refs are never touched.
pygit2 costs 77 ms to import: `repository` and `objects` alone do, and nothing is imported here.
"""
