"""The Data page: the sessions that were recorded, and their export."""
