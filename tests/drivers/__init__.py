"""Drivers hide mechanics, so that tests speak the lab's language."""
