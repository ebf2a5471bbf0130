"""Changes of what reports are made of. No HTTP."""
