"""What the words mean: terms, vocabularies, IRIs."""
