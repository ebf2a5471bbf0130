"""One file for each resource: its operations, who may call them, and what the suites of tests/contract need to know."""
