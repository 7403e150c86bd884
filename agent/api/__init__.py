"""The HTTP service of CONTRACT.md: encounters in, coding and artifacts out, review, chat, health and metrics."""
