"""Measures takes against recordings; imported by nothing else."""
