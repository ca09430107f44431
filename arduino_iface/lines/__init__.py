"""Existing sketches that print lines: JSON, CSV, key=value or a template."""
