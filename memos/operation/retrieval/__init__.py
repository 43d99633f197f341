"""From a question to memories: index, features, ranker, paths, passages."""
