"""What one input may cost, for the fuzzer and for the tests of the kept inputs."""

SECONDS = 1.0  # of processor time: by the wall it would be the machine's other work that decides
