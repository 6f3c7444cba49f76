"""What Kapso offers coding agents over the Model Context Protocol: runs, lessons, the library, some orders.

`runs`, `lessons`, `shelf` and `orders` know nothing of the protocol; `server` binds them to it. Nothing here
shows a hold-out result, a log, or what a goal hides.
"""
