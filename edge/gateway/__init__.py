"""The gateway: many patches on one board, a process a patch, watched over by one that does little else."""
