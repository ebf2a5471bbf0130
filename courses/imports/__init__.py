"""Imports of courses and people from CSV files; the commands are in courses/management."""
