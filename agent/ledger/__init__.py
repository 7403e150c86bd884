"""A claim's whole life: what was sent, what was answered, what was paid."""
