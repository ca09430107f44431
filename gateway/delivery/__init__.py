"""From the journal to its consumers: batches, cursors, back-off, and what to do with rejected entries."""
