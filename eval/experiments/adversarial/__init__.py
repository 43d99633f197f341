"""Questions without an answer: free-form abstention and forced choice."""
