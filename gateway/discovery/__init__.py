"""Discovery: boards are found, named and recognised by themselves."""
