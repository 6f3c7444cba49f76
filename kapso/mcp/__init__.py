"""What Kapso offers coding agents over the Model Context Protocol: runs, the library, and a few orders.

`runs`, `shelf` and `orders` know nothing of the protocol; `server` binds them to it. Nothing here shows a
hold-out result, a log, or what a goal hides.
"""
