"""The console: HTML pages for administrators and instructors, made from the API's own answers. It has no models."""
