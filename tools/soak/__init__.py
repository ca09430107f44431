"""Breaks a running gateway again and again, and counts every sample at the end."""
