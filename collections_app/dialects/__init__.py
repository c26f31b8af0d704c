"""The published systems whose clients go on working: one file for each."""
