"""The vocabulary of the key: names, places and things that facts are made of. Chatter has words of its own."""
