"""Many lines of speech to takes: a folder or a manifest in, restartable, on one machine or several.

`command` reads `lines` and hands a `crew` those that are not done; each is one `making`, in this process
or in a `worker`, and looks into the `store` of takes first.
"""
