"""From the text of a notice to quads."""
