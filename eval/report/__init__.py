"""What is made of finished runs: tables, figures, the paper's values beside ours, pages."""
