"""GGPO-style rollback for two to four people, as a pure state machine."""
