"""One importer per official file format: strict, row-counted, all-or-nothing."""
