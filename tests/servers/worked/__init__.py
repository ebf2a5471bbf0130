"""An app with background work of its own, for the tests of the engines: see settings.py."""
