"""The judge matrix: every judge under every prompt on the same answers."""
