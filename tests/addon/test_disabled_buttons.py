"""Every button says why it cannot be pressed, in words that a translation can take over."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import bpy
import pytest

import dirfa_blender
from dirfa_blender import addon, translation
from dirfa_blender.session import state
from tests.addon import interface_texts

OPERATORS = [cls for cls in addon.CLASSES if issubclass(cls, bpy.types.Operator)]


@pytest.fixture(autouse=True)
def registered(scene: object) -> Iterator[None]:
    dirfa_blender.register()
    yield
    dirfa_blender.unregister()


def refusal(cls: type) -> str | None:
    """What Blender says when a button is pressed that is disabled; None where it is not."""
    category, verb = cls.bl_idname.split(".")
    call = getattr(getattr(bpy.ops, category), verb)
    if call.poll():
        return None
    with pytest.raises(RuntimeError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("is_busy", [False, True])
@pytest.mark.parametrize("cls", OPERATORS, ids=lambda cls: cls.bl_idname)
def test_a_disabled_button_says_why(cls: type, is_busy: bool) -> None:
    if is_busy:
        state().begin("Listening", lambda: None)

    said = refusal(cls)
    state().end()

    # Without a reason Blender itself says that the context is incorrect.
    assert said is None or "context is incorrect" not in said, f"{cls.bl_idname}: {said}"


def test_reasons_are_words_that_can_be_translated() -> None:
    drawn = interface_texts.drawn_texts().values()
    reasons = [text for text in drawn if " " in text]

    assert reasons
    assert not [text for text in reasons if text.endswith((".", "!"))]


def test_every_text_has_an_entry_in_both_contexts_of_blender() -> None:
    for texts in translation.for_blender().values():
        english = {text for _, text in texts}

        assert {(context, text) for context in translation.CONTEXTS for text in english} == set(
            texts
        )


def test_operators_are_in_the_add_ons_own_category_and_can_be_undone_where_they_edit() -> None:
    for cls in OPERATORS:
        assert cls.bl_idname.startswith("dirfa."), cls
        assert inspect.isclass(cls)
        if hasattr(cls, "modal"):  # never registered, see `BackgroundOperator`
            assert cls.bl_options <= {"UNDO", "PRESET"}, cls.bl_idname
        else:
            assert cls.bl_options & {"REGISTER", "INTERNAL"}, cls.bl_idname
