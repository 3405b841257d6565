"""Makes the shipped weights; imported by nothing else."""
