"""Clocks, workers, supervision and the end of the process."""
