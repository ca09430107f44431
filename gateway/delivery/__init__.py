"""From the journal to a sink: batches, the cursor, back-off, and what to do with the unwanted."""
