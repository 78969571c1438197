"""The answers: command line and HTTP over everything below."""
