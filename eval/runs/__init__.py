"""Run folders: written, read and found."""
