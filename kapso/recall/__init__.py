"""What comes to an attempt from beyond its run: the libraries, what is learnt into them, what they say.

`shelves` finds and opens libraries, `learning` fills them, `secrecy` keeps back what goals hide, `librarian`
asks on behalf of an attempt.
"""
