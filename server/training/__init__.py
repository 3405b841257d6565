"""Makes the shipped weights, and an actor's from film. `train` is the command; read from `recipe` on.

* What is learnt from: `corpora` finds the recordings, `aligned_speech` keeps them with their phone times,
  `spoken_mouths` with the mouths that spoke them; `footage` picks what film is good for, `filmed_mouths`
  reads the mouths in it, `free_film` those of people who speak freely.
* What code adds: `sentences` spoken by `synthesis` (`espeak`), mouths from `coarticulation` and from
  networks taught before (`distillation`), `music` on made-up `instruments`, other `voices`, and
  `augment`.
* What is taught: `phone_lesson`, then `mouth_lesson` three times, and `readout` fits the last layer;
  `gate_lesson` beside them, `actor_lesson` afterwards (`actor_command`), and `dirfa_lesson` for the
  design to compare with (`dirfa_network`). One `loop` runs all of them, on batches made ahead by
  `prefetch`. Above the lips nothing is taught: `manner` measures it.
"""
