"""Changes of the rows from which reports are made. No HTTP."""
