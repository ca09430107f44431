"""Commands: checked, recorded, sent at most once."""
