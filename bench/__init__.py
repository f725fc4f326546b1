"""Our own benchmark: `./x bench`. Everything runs on loopback, in processes and folders of its own."""
