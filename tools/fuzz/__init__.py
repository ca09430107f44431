"""`make fuzz`: schemathesis against the API of a real gateway with simulated Arduinos."""
