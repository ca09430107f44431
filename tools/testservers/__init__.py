"""Fetches the real servers that the tests run against; `python -m tools.testservers`.

Standard library only, so that it also runs before anything is installed. Nothing outside the cache
folder is changed, but for Debian packages that the servers need and the machine lacks.
"""
