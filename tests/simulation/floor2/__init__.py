"""Floor 2 of the simulation: the real adapters over a virtual network, against servers that know nothing of them."""
