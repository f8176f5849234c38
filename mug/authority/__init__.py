"""Games of the mode "server_authoritative": a process for each match that steps the environment, and who watches it."""
