"""Drivers: how each kind of board is collected from and commanded. The poller treats them alike."""
