"""What a run will use before it costs anything: its own prompts, put to a model that only says how long replies are."""
