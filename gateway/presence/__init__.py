"""Presence: how a device is now (online, late, offline, quarantined, in maintenance), and who may use it."""
