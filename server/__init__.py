"""The inference server: speech and photos in, takes and heads out."""
