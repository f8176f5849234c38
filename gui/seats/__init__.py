"""The Seats page: the room, its desks, the connections between them."""
