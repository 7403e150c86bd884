"""The shipped encounters: sources, the notes, and the FHIR Bundles built from them."""
