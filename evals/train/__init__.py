"""Training: examples from notes, claims, payments and corrections; fine-tuning on Bedrock; learning without a GPU."""
