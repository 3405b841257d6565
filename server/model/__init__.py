"""The network: features in, raw motion out. torch and the standard library only.

Read in this order:

1. `network` listens and moves the mouth, in sizes that `config` gives; `voice_gate` tells whether anybody
   speaks. Both are made of `products` that a stream and a file share to the bit.
2. `sampling` draws what speech leaves open: `prosody` says what is heard, `answers` nods and raises brows
   to it, `noise` sways, `blinks` and `gaze` do the eyes, all by the numbers of `statistics`, and by chance
   that is a function of frame and seed (`randomness`).
3. `streaming` runs all that on a voice, block by block; a file is one long stream.
4. `checkpoint` keeps it on disk, in a `weights_file`.

Letters of shapes: B clips of a batch, T frames at 50 a second, C channels, D delays, P phones, M units.
"""
