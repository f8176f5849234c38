"""What the pages show, as values and Qt item models."""
