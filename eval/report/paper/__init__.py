"""The paper's own values: as data, beside ours, and audited."""
