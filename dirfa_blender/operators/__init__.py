"""Operators: thin. They read properties, call a function, and report."""
