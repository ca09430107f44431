"""Collection: each device is polled at its interval, and what it says goes to the journal."""
