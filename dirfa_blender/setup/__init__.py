"""The server's environment on this machine: made, verified, bundled, removed. No bpy.

* `system` and `interpreters` say what there is, `environment` what should be, `installation` makes it
  with `pip_process` under a `setup_lock`, `setup_report` says how that goes on a command line.
* `verification` compares it with its records, `removal` takes it away, `doctor` tells what is missing.
* `bundle` is a folder with everything for a computer without network, `bundling` fetches it.
"""
