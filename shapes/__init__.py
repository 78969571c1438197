"""What must hold: SHACL shapes and the validator."""
