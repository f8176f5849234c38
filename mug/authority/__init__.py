"""Games of the mode "server_authoritative": a process for each match that steps the environment, and who watches it.

`mug.authority.supervisor` is the server's side, `mug.authority.child` the program. Nothing is imported here, so that
the program starts fast and small.
"""
