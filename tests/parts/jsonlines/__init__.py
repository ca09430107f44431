"""A part that writes readings to a file, one JSON object a line."""
