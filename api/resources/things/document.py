"""Examples of what a Thing Description points to."""

PROPERTY_STREAM = "id: 2d690160a6c39acd.42.7.5e1f09ab.4\ndata: 21.5\n\n"
