"""The questions: SPARQL files and what runs them."""
