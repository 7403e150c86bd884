"""X12 005010: 837P out and in, 835, 999, TA1 and 277CA in."""
