"""Every text of the interface: there, in Blender's manner, and in every language that is shipped."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import pytest

import dirfa_blender
from dirfa_blender import translation
from tests.addon import interface_texts

# The least share of the interface that a shipped language covers; texts of a state or an error are not less
# than all of it.
COVERED = 0.97


@pytest.fixture(autouse=True)
def registered(scene: object) -> Iterator[None]:
    dirfa_blender.register()
    yield
    dirfa_blender.unregister()


def test_every_tooltip_is_there_and_ends_without_a_full_stop() -> None:
    texts = interface_texts.declared_texts()
    for cls in interface_texts.classes():
        if issubclass(cls, bpy.types.Operator):
            assert cls.bl_description, cls.__name__
        for prop in interface_texts.properties(cls):
            if prop.type not in ("COLLECTION", "POINTER") and not prop.is_hidden:
                assert prop.description, f"{cls.__name__}.{prop.identifier}"

    assert not {place: text for place, text in texts.items() if text.endswith((".", "!"))}


@pytest.mark.parametrize("code", sorted(translation.languages()))
def test_a_language_covers_the_interface(code: str) -> None:
    texts = translation.languages()[code]
    wanted = {**interface_texts.declared_texts(), **interface_texts.drawn_texts()}

    missing = sorted({text for text in wanted.values() if text not in texts})

    assert len(missing) <= (1 - COVERED) * len(set(wanted.values())), missing


@pytest.mark.parametrize("code", sorted(translation.languages()))
def test_every_text_about_the_server_is_translated(code: str) -> None:
    texts = translation.languages()[code]
    rooms = ("server.py:", "server_panel.py:", "first_run.py:", "preferences.py:")
    drawn = {
        p: t
        for p, t in interface_texts.drawn_texts().items()
        if p.startswith(rooms) or ":" not in p
    }
    declared = {
        place: text
        for place, text in interface_texts.declared_texts().items()
        if any(word in place for word in ("_server", "_first_run", "_preferences", "_use_sample"))
    }

    assert not {place: text for place, text in {**drawn, **declared}.items() if text not in texts}


def test_blender_shows_the_other_language_and_forgets_it_with_the_add_on() -> None:
    view = bpy.context.preferences.view
    before = view.language
    try:
        view.language = "de_DE"
    except TypeError:
        pytest.skip("this Blender was built without languages")
    try:
        view.use_translate_interface = True
        assert bpy.app.translations.pgettext_iface("Set Up Server") == "Server einrichten"
    finally:
        view.language = before
