"""What browsers load from this server: the SPARQL editor (Yasgui, MIT) and what fits it to noticegraph."""
