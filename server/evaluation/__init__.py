"""Measures takes against recordings, and heads against photos; imported by nothing else."""
