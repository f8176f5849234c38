"""The Design page: the chain of a study as cards, and what is wrong with it."""
