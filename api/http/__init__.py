"""The server: waitress, the connections, the threads that answer."""
