"""The forms of a list that are more than JSON: SenML, CSV, JSON lines, tar, a page."""
