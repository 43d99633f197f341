"""Handing on what a run asked of its models: pack it into one file, and run again from that file alone."""
