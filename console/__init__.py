"""The console: HTML pages for administrators, made from the API's own answers. It has no models."""
