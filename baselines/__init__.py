"""The methods MemOS is compared with. Each module holds one system and its configuration."""
