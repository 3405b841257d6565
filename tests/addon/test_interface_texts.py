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


# Said where something is wrong with the program or its files, not with what an artist did.
# Words that Blender 5.2's own German has in another meaning: Buchstabe, Direkt, Linie, Nach, ...
HOMONYMS = {
    "Characters", "Direct", "Frames", "Input", "Keys", "Level", "Line", "Lock", "Longest", "Play", "To",
}  # fmt: skip
PropertyOwner = (bpy.types.PropertyGroup, bpy.types.Operator)
UNSAID = (
    "the driver reads nothing", "no such render: {}, {}-{}", "A head needs at least one bone and one face.",
    "{} is not {}: {}.", "a document type is not allowed", "{} x {}, {}",
)  # fmt: skip


@pytest.mark.parametrize("code", sorted(translation.languages()))
def test_every_sentence_that_is_made_in_a_window_is_translated(code: str) -> None:
    texts = translation.languages()[code]

    said = interface_texts.said_texts()

    assert len(set(said.values())) > 120
    missing = {place: text for place, text in said.items() if text not in (*texts, *UNSAID)}
    assert not missing


def test_words_that_mean_something_else_to_blender_are_not_looked_up_among_its_own() -> None:
    drawn: dict[str, str] = {}
    for cls in interface_texts.classes():
        if issubclass(cls, bpy.types.Panel):
            drawn[f"{cls.__name__}: {cls.bl_label}"] = getattr(cls, "bl_translation_context", "*")
        for prop in cls.bl_rna.properties if issubclass(cls, PropertyOwner) else ():
            if prop.is_hidden or prop.type in ("COLLECTION", "POINTER"):
                continue
            words = [prop.name, *(item.name for item in getattr(prop, "enum_items", ()))]
            where = f"{cls.__name__}.{prop.identifier}"
            drawn |= {f"{where}: {word}": prop.translation_context for word in words}

    found = {place: context for place, context in drawn.items() if place.split(": ")[1] in HOMONYMS}

    assert len(found) > 8
    assert set(found.values()) == {translation.OWN_CONTEXT}, found


@pytest.mark.parametrize("code", sorted(translation.languages()))
def test_a_sentence_has_its_gaps_in_both_languages(code: str) -> None:
    for text, other in translation.languages()[code].items():
        assert text.count("{}") == other.count("{}"), text
        assert other.format(*["x"] * other.count("{}")) if "{}" in text else True


def test_an_error_is_said_in_german_with_its_names_and_the_sentence_inside() -> None:
    inner = "Line 'Head' has no character. Choose who speaks it."

    assert translation.translated(f"1 of 3 lines done. First problem: {inner}", "de_DE") == (
        "1 von 3 Zeilen fertig. Erstes Hindernis: Die Zeile 'Head' hat keine Figur. Wähle, wer sie spricht."
    )
    said = translation.translated(
        "'Head' is in Edit Mode. Leave it, then move the sliders.", "de_DE"
    )
    assert said.startswith("'Head' ist im Bearbeitungsmodus")
    assert translation.translated("Something nobody knows.", "de_DE") == "Something nobody knows."
    assert translation.translated(inner, "xx_XX") == inner


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
