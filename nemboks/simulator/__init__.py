"""A pretend Digital Post and a pretend mail server, in one process, for testing any recipient system.

It shares no code with the program it helps to test, so that one misreading cannot hide on both sides.
"""
