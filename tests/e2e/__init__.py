"""The whole of MUG as people use it."""
