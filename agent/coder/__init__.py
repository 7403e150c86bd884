"""The embedded coder's judgement: candidates -> selection -> sequence -> services -> modifiers -> links -> queries."""
