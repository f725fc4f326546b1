"""Hostile octets for every parser: what it may do with them, kept corpora, and the run that is guided by coverage."""
