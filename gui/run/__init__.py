"""The Run page: the server, the participants, what they do now."""
