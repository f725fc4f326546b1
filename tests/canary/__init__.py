"""The canary run: a real run with planted words, numbers and secrets, and a look for them in everything it left."""
