"""edge-bench: what this board makes of the network, and how long a wearer's alert takes on it."""
