"""Many lines of speech to takes: a folder or a manifest in, restartable, on one machine or several."""
