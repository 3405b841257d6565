"""The inference server: speech and photos in, takes and heads out.

* From speech to a take, in this order: `audio`, `features`, `model`, `postprocess` (`tongue`,
  `transcript`); `engine` does it for a file, `live` while somebody speaks.
* Over HTTP: `app` has the routes, `jobs` the queue, `services` the work, `serving` the process; live speech
  comes by `streams` or `speech_socket` to `sessions`.
* Commands: `take` is ``animate``, `avatar` is ``stream`` (`vmc`), `batch` goes on `scale` to many machines.
* From a photo to a head: `photo`, beginning with its ``portrait``.
* The model's own life: `tracking` reads film, `training` imports tracking, `evaluation` both; never the
  reverse, and nothing here needs them but their commands and an actor learnt from film.
"""
