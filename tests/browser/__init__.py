"""A package, so that the fixtures of `conftest.py` end with its last test and not with the session."""
