"""The DIRFA tab: panels draw what properties and session hold, and compute nothing.

`panels` is the tab's first page, `first_run` its three steps for newcomers, `direct_panels` directs
takes, `head_panel`, `live_panel`, `mapping_panel`, `render_panel` and `server_panel` are its other
sections.
"""
