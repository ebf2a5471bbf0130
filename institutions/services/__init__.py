"""Changes that must respect a rule, and checks of these rules for other packages; one module per subject. No HTTP."""
