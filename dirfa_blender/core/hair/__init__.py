"""Hair of the head, as a photo was read: strands for renders, cards for windows and games. No bpy.

* Where it grows: `hairline` shapes the cap, `rim` thins it out toward its line, `tresses` is the sheet of
  long hair.
* Strands: `groom` lays them over the cap, `curls` bends them, `clumps` draws them together, `curtain` and
  `locks` are the long ones, `combing` which way those run, `knot` where gathered ones end;
  `sampled` reads between their points.
* Colour: `greying` gives hair beside the face another than the crown's.
* Cards: `bundles` of strands that run alike become the strips of `cards`, painted from the `atlas`.
* `beard`: short strips over the beard of the texture.
"""
