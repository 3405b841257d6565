"""The animation types and their arithmetic: numpy and the standard library only, no bpy, no torch."""
