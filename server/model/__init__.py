"""The network: features in, raw motion out. torch and the standard library only."""
