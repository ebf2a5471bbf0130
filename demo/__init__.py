"""Sample data for a local start: two universities whose people, courses and reports are invented."""
