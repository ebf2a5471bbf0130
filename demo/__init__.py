"""Sample data for a local start (DEMO=1): two invented universities with people, courses and reports."""
