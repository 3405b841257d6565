"""Characters for other programs, through Blender's own exporters: glTF, FBX and USD.

`exports` writes one, `exporting` chooses what of a scene belongs to it, `usd_textures` keeps pictures
apart; `export_check` has what was written read again in a Blender of its own (`export_reading`).
"""
