"""What every command has in common: ``talk``, ``batch``, the scene commands and the server's. No bpy.

* Asked: `take_options`, `inputs`, and many lines at once by a `manifest`, in `parts` on a farm.
* While it runs: `progress`; at its end one of the `exit_codes`.
* Going on where it stopped: a `ledger` of what is done, a `folder_lock` against a second program.
"""
