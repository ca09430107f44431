"""Who may call what, from where: keys, sessions, host names and origins."""
