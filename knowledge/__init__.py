"""Layer 0: what a coder's bookshelf holds. No langchain, no network, no model."""
