"""Changes of courses that must respect a rule, one module per subject. No HTTP."""
