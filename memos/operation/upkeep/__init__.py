"""What keeps memories in order: duplicates, relations, concepts, tiers, lifecycle."""
