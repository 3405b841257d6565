"""Video to Animation: the inverse of the rig."""
