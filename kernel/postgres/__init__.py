"""The database engine of production; see base.py."""
