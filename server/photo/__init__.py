"""One face photo: decoded, measured, cut out and laid over the fitted head."""
