"""Many encounters from one manifest: worker processes, resumable, each member exactly once."""
