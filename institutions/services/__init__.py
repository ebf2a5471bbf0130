"""Changes that must respect a rule, and rules that others ask for; one module per subject. No HTTP."""
