"""Changes of courses and what hangs from them that must respect a rule; one module per subject. No HTTP."""
