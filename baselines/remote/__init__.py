"""Memory systems behind a server: over the memory protocol (HTTP), or any MCP server (docs/remote.md)."""
