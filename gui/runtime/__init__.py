"""Everything that runs beside the GUI thread: tasks, child processes, the bridge to the server."""
