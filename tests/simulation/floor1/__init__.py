"""Floor 1: the real journey, domain, store, spool, desk and daemon over scripted ports, on a loop without a machine."""
