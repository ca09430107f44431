"""Measurements of the whole gateway as a real process, with a real MongoDB server.

Uses what the end-to-end tests use to start and stop the parts, so it needs what `make test` installs.
"""
