"""The claim: one frozen object, its renderings (837P, CMS-1500, FHIR) and their readers."""
