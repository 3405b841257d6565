"""Blender itself, asked for in one way: nothing here knows of faces, takes or servers.

* `fcurves` is the only module that knows actions, slots, layers, strips and channelbags; `nla` bakes
  tracks.
* `pieces` does long work in the main thread without holding up a window, `made_blocks` takes back what
  such work has made; `scene` sets rate, range and sound, and saves a file whole; `origin` says on a
  datablock what it was made from.
* `labels`, `text_lines`, `viewport` and `file_property` are what panels and properties of Blender lack;
  `standard_output` keeps Blender's words out of a command's.
"""
