"""The same engine on more than one machine: the `crew` of a Ray cluster."""
