"""Stored readings, however old."""
