"""Guideline retrieval: questions with the right sections, and how many are found."""
