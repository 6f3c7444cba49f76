"""Parts of screens that more than one of them uses, or that deserve a place of their own."""
