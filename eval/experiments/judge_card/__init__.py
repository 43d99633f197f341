"""A judge measured on answers whose right verdict is known."""
