"""The console: pages for administrators, with what the API would answer them. No tables of its own."""
