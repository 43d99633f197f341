"""MemOS and any other memory system as a server."""
