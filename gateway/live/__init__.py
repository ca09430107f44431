"""What happens, live: the feed, its listeners, the newest readings."""
