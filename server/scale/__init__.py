"""The same engine on more than one machine."""
