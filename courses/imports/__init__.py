"""What brings courses and their people in from files."""
