"""The benchmark: every question searched, answered, judged and scored."""
