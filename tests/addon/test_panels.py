"""Panels in every state: each property and operator they name exists, and drawing changes nothing."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest

import dirfa_blender
from dirfa_blender import addon
from dirfa_blender.blender import labels
from dirfa_blender.panels import panels
from dirfa_blender.performing import acting
from dirfa_blender.session import state
from dirfa_blender.settings import rate_watch
from tests.addon.stage import character, line_with_take
from tests.addon.test_operators import refused


class Sketch:
    """A layout that checks what is drawn on it; labels are kept."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def _nested(self, *_: object, **__: object) -> Sketch:
        return self

    row = column = box = split = grid_flow = _nested

    def separator(self, **_: object) -> None:
        pass

    def label(self, *, text: str = "", **_: object) -> None:
        self.drawn.append(text)

    def progress(self, *, text: str = "", **_: object) -> None:
        self.drawn.append(text)

    def prop(self, data: bpy.types.bpy_struct, name: str, **_: object) -> None:
        assert name in data.bl_rna.properties, f"{data} has no {name}"
        self.drawn.append(name)

    def operator(self, name: str, **_: object) -> SimpleNamespace:
        category, verb = name.split(".")
        found = getattr(getattr(bpy.ops, category), verb).get_rna_type()
        self.drawn.append(name)
        return SimpleNamespace(**dict.fromkeys(found.properties.keys()))

    def operator_menu_enum(self, name: str, prop: str, **_: object) -> None:
        assert hasattr(self.operator(name), prop)

    def menu(self, name: str, **_: object) -> None:
        assert hasattr(bpy.types, name)

    def template_list(
        self, kind: str, _id: str, data, items: str, _active, index: str, **_
    ) -> None:
        assert index in _active.bl_rna.properties
        draw = getattr(bpy.types, kind).draw_item
        for item in getattr(data, items):
            draw(None, bpy.context, self, data, item, 0, _active, index)


@pytest.fixture
def stage(scene):
    dirfa_blender.register()
    yield bpy.context.scene
    dirfa_blender.unregister()


def draw_all() -> list[str]:
    drawn: list[str] = []
    for panel in (cls for cls in addon.CLASSES if issubclass(cls, bpy.types.Panel)):
        if hasattr(panel, "poll") and not panel.poll(bpy.context):
            continue
        sketch = Sketch()
        panel.draw(SimpleNamespace(layout=sketch), bpy.context)
        if hasattr(panel, "draw_header_preset"):
            panel.draw_header_preset(SimpleNamespace(layout=sketch), bpy.context)
        drawn += sketch.drawn
    return drawn


@pytest.mark.parametrize("source", ["FILE", "STRIPS", "SOUND"])
@pytest.mark.parametrize("actor", ["photo", "object", "neutral"])
def test_an_empty_scene_can_be_drawn(stage, source: str, actor: str) -> None:
    stage.dirfa.source, stage.dirfa.actor = source, actor

    assert draw_all()


@pytest.mark.parametrize("source", ["FILE", "STRIPS"])
def test_a_scene_with_performances_can_be_drawn(stage, source: str) -> None:
    face = character()
    line_with_take(face)
    line_with_take(face, start=100.0)
    acting.perform(stage, face)
    stage.dirfa.source = source
    stage.dirfa.lines[1].controls.units.add()
    stage.dirfa.rules.add()

    drawn = draw_all()

    assert {"happy", "jaw", "layer_lips", "dirfa.another_take", "dirfa.push_down"} <= set(drawn)


def test_lines_that_go_past_the_frame_range_are_said_with_the_button_that_helps(stage) -> None:
    line_with_take(character(), start=10.0)
    line_with_take(character("Foe"), start=300.0)
    stage.dirfa.source, stage.frame_start, stage.frame_end = "STRIPS", 20, 250

    drawn = draw_all()
    assert bpy.ops.dirfa.hold_lines() == {"FINISHED"}

    for told in (
        "Lines begin at frame 10, the scene at 20",
        "Lines go on to frame 323, the scene ends at 250",
    ):
        assert told in " ".join(drawn)
    assert "dirfa.hold_lines" in drawn
    assert (stage.frame_start, stage.frame_end) == (10, 323)
    assert "dirfa.hold_lines" not in draw_all()
    assert "holds every line" in refused(bpy.ops.dirfa.hold_lines)


def test_who_speaks_a_line_can_be_read_in_a_sidebar_of_the_usual_width(stage, monkeypatch) -> None:
    line_with_take(character("Detective"))
    stage.dirfa.source = "STRIPS"
    name = stage.dirfa.lines[0].character.name

    usual = draw_all()
    monkeypatch.setattr(panels, "room", lambda _context: labels.MOST_CHARACTERS)
    wide = draw_all()

    # In a wide one it stands in its field.
    assert usual.count(name) == wide.count(name) + 1
    assert "character" in usual
    assert "character" in wide


@pytest.mark.parametrize("source", ["FILE", "STRIPS"])
def test_a_narrow_sidebar_offers_all_that_a_wide_one_does(stage, monkeypatch, source: str) -> None:
    line_with_take(character())
    stage.dirfa.source = source
    wide = set(draw_all())

    monkeypatch.setattr(labels, "room", lambda _context: labels.LEAST_CHARACTERS)
    narrow = set(draw_all())

    named = {name for name in wide if name in stage.dirfa.bl_rna.properties or "dirfa." in name}
    assert named <= narrow


@pytest.mark.parametrize("source", ["STRIPS", "FILE"])
def test_a_chosen_character_that_nobody_sees_is_said_before_it_speaks(stage, source: str) -> None:
    face = character("Hero")
    line_with_take(face)
    stage.dirfa.source, stage.dirfa.actor, stage.dirfa.target = source, "object", face
    assert "hidden" not in " ".join(draw_all())

    face.hide_viewport = True

    assert f"'{face.name}' is hidden in viewports" in " ".join(draw_all())


def test_a_changed_frame_rate_is_offered_to_be_followed(stage) -> None:
    face = character()
    line_with_take(face)
    acting.perform(stage, face)
    stage.render.fps = 60

    assert "dirfa.retime" in draw_all()


def test_a_frame_rate_at_which_nobody_speaks_is_drawn_and_can_be_left(stage) -> None:
    face = character()
    line_with_take(face)
    acting.perform(stage, face)
    stage.dirfa.rate_before = 24.0
    stage.render.fps, stage.render.fps_base = 2000, 0.5

    drawn = draw_all()
    said = refused(bpy.ops.dirfa.retime)
    rate_watch.on_update(stage)
    assert rate_watch.follow() is None
    stage.dirfa.rate = "24"

    assert "dirfa.retime" in drawn
    assert "at most 240 frames a second" in said
    assert stage.render.fps == 24
    assert acting.record_of(stage, face).fps == 24


def test_a_running_queue_shows_each_line(stage) -> None:
    line = line_with_take(character())
    stage.dirfa.source = "STRIPS"
    state().begin("1 of 1", lambda: None)
    state().board.begin([line.uid])
    state().board.show(line.uid, "working", 0.4)

    drawn = draw_all()
    state().end()

    assert "dirfa.cancel_line" in drawn
    assert "dirfa.cancel" in drawn


def test_every_operator_says_what_it_does(stage) -> None:
    for cls in addon.CLASSES:
        if issubclass(cls, bpy.types.Operator):
            assert cls.bl_description, cls
            assert not cls.bl_description.endswith("."), cls
            for name in getattr(cls, "__annotations__", {}):
                prop = cls.bl_rna.properties.get(name)
                # What every operator has, such as its name, describes itself; hidden is never shown.
                is_own = prop is not None and name not in bpy.types.Operator.bl_rna.properties
                assert not is_own or prop.is_hidden or prop.description, f"{cls.__name__}.{name}"
