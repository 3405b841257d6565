"""The inference server: speech and photos in, takes and heads out.

* From speech to a take, in this order: `audio` (`container`), `features`, `model`, `postprocess`
  (`articulation`, `tongue`, `transcript`, over the `phones` heard); `engine` does it for a file, `live`
  while somebody speaks.
* Over HTTP: `app` joins the `gate`, `error_answers` and routes: `upload_routes` start `services` as
  `jobs`, `job_routes` tell of them, `streams` and `speech_socket` bring live speech to `sessions`.
  `serving` is the process, told by `config`, that leaves with its `starter`.
* Commands: `take` is ``animate``, `avatar` is ``stream`` (`vmc`, `microphone`), `batch` goes on `scale`
  to many machines.
* From a photo to a head: `photo`, beginning with its ``portrait``.
* The model's own life: `tracking` reads film, `training` imports tracking, `evaluation` both; never the
  reverse, and nothing here needs them but their commands and an actor learnt from film.
* Used all over: `devices`, `frames` of curves, `array_files`; `postponed` imports and `native_noise`.
"""
