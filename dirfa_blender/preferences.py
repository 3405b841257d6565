"""Add-on preferences: which server to ask, and how to set it up. What they come to says `connection`."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from .connection import is_loopback
from .panels.server_panel import draw_server
from .roots import ROOT_PACKAGE


class DIRFA_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = ROOT_PACKAGE

    connection: EnumProperty(
        name="Server",
        description="Where speech and photos are analysed",
        items=(
            ("local", "This computer", "Start the server here when it is needed"),
            ("remote", "Another address", "Ask a server that already runs"),
        ),
        default="local",
    )
    url: StringProperty(
        name="Address",
        description="Address of the server, such as http://render-node:8765",
        default="http://127.0.0.1:8765",
    )
    token: StringProperty(
        name="Token",
        description="Token of the server, shown where it was started",
        subtype="PASSWORD",
    )
    device: EnumProperty(
        name="Device",
        description="What the server computes on; set up again after a change",
        items=(
            (
                "auto",
                "Automatic",
                "The graphics card if NVIDIA's driver finds one, else the processor",
            ),
            ("cpu", "Processor", "Small download, works everywhere"),
            ("cuda", "NVIDIA card", "About 3 GB more to download"),
        ),
        default="auto",
    )
    proxy: StringProperty(
        name="Proxy",
        description="Proxy for downloads, such as http://proxy:3128; empty for what the system says",
    )
    bundle: StringProperty(
        name="Offline Bundle",
        description=(
            "Folder made by `python3 dirfa.py bundle` on a computer with network; set-up then needs none"
        ),
        subtype="DIR_PATH",
    )
    start_early: BoolProperty(
        name="Start Early",
        description="Start the server when the DIRFA tab is opened and read a photo as soon as it is "
        "chosen, so that the first take comes sooner",
        default=True,
    )
    show_first_run: BoolProperty(
        name="Show First Steps",
        description="Show the page with the first three steps in the DIRFA tab",
        default=True,
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.row().prop(self, "connection", expand=True)
        if self.connection == "local":
            for name in ("device", "proxy", "bundle", "start_early"):
                layout.prop(self, name)
        else:
            layout.prop(self, "url")
            layout.prop(self, "token")
            if not is_loopback(self.url) and not bpy.app.online_access:
                row = layout.row()
                row.alert = True
                row.label(text="Allow online access in Preferences > System", icon="ERROR")
        draw_server(layout.box(), context)
        layout.prop(self, "show_first_run")


CLASSES = (DIRFA_AP_preferences,)
