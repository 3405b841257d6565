"""Layers: every channel in one of them, where an artist would look for it."""

from __future__ import annotations

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.layers import LAYERS, TITLES, layer_of_input, layers_of_shapes
from dirfa_blender.core.mapping import load_profile


def test_every_shape_of_the_arkit_profile_has_the_layer_an_artist_expects() -> None:
    layers = layers_of_shapes(load_profile("arkit"))

    assert layers["jawOpen"] == layers["mouthSmileLeft"] == layers["tongueOut"] == "lips"
    assert layers["browInnerUp"] == layers["noseSneerRight"] == layers["cheekSquintLeft"]
    assert layers["browInnerUp"] == layers["eyeWideLeft"] == "upper_face"
    assert layers["eyeBlinkLeft"] == layers["eyeBlinkRight"] == "blinks"
    assert layers["eyeLookUpLeft"] == layers["eyeLookInRight"] == "gaze"
    assert set(layers) == set(load_profile("arkit").shapes)


def test_every_input_has_a_layer_and_every_layer_a_title() -> None:
    assert {layer_of_input(name) for name in AU_NAMES} == {"lips", "upper_face", "blinks"}
    assert tuple(TITLES) == LAYERS
