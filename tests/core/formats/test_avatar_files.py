"""Motion for MikuMikuDance and VRM avatars, read back by readers that share nothing with the writers."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dirfa_blender.commands.convert import main
from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.formats.exchange import (
    Kind,
    Reading,
    encoded_take,
    kind_of,
    take_from_bytes,
)
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.core.npz_io import write_animation
from tests.core.formats.test_exchange import speaking

REQUIRED_BONES = {
    "hips", "spine", "head",
    *(side + part for side in ("left", "right") for part in (
        "UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")),
}  # fmt: skip
Vector = tuple[float, float, float]
Floats = npt.NDArray[np.float64]
LOOKS = {"lookUp", "lookDown", "lookLeft", "lookRight"}


def posed(
    levels: dict[str, float] | None = None,
    *,
    rotation: tuple[float, ...] = (0, 0, 0),
    gaze: tuple[float, float] = (0, 0),
    seconds: float = 2.0,
    fps: float = 50.0,
    start: float = 0.0,
) -> Animation:
    """A face that holds levels and a pose."""
    count = round(seconds * fps)
    au = np.zeros((count, len(AU_NAMES)))
    for name, level in (levels or {}).items():
        au[:, AU_NAMES.index(name)] = level
    return Animation(
        fps, start, AU_NAMES, au.astype(np.float32), np.tile(gaze, (count, 1)),
        np.tile(rotation, (count, 1)), np.zeros((count, 3), np.float32),
    )  # fmt: skip


def turned(vector: npt.ArrayLike, quaternion: npt.ArrayLike) -> Floats:
    """A vector turned by x, y, z, w; the same formula in left-handed space and right-handed."""
    *xyz, w = np.asarray(quaternion, np.float64).tolist()
    axis, start = np.array(xyz), np.array(vector, np.float64)
    return start + 2 * np.cross(axis, np.cross(axis, start) + w * start)


@dataclass
class Motion:
    """What a ``.vmd`` file says, read field by field."""

    model: str
    bones: dict[str, list[tuple[int, tuple[float, ...], bytes]]]
    morphs: dict[str, list[tuple[int, float]]]


def motion_of(data: bytes) -> Motion:
    assert data[:30] == b"Vocaloid Motion Data 0002\0\0\0\0\0"
    place = 50

    def count() -> int:
        nonlocal place
        place += 4
        return struct.unpack_from("<I", data, place - 4)[0]

    def name() -> str:
        return data[place : place + 15].split(b"\0")[0].decode("shift_jis")

    bones: dict[str, list[tuple[int, tuple[float, ...], bytes]]] = {}
    for _ in range(count()):
        frame, *numbers = struct.unpack_from("<I7f", data, place + 15)
        assert numbers[:3] == [0, 0, 0]
        ease = data[place + 47 : place + 111]
        bones.setdefault(name(), []).append((frame, tuple(numbers[3:]), ease))
        place += 111
    morphs: dict[str, list[tuple[int, float]]] = {}
    for _ in range(count()):
        morphs.setdefault(name(), []).append(struct.unpack_from("<If", data, place + 15))
        place += 23
    assert [count() for _ in range(4)] == [0, 0, 0, 0]
    assert place == len(data)
    return Motion(data[30:50].rstrip(b"\0").decode("shift_jis"), bones, morphs)


def test_a_motion_says_in_japanese_what_the_mouth_does_at_thirty_frames_a_second() -> None:
    take = speaking(2.0, fps=24000 / 1001)

    motion = motion_of(encoded_take(take, "vmd", ".vmd"))

    vowels = {"あ", "い", "う", "え", "お"}
    assert vowels <= set(motion.morphs)
    profile = load_profile("mmd")
    expected = profile.apply(take.sampled(np.arange(60) / 30, 30))
    for name in vowels:
        frames, values = zip(*motion.morphs[name], strict=True)
        assert list(frames) == sorted(set(frames))
        assert frames[-1] == 60 or frames[-1] == 59
        drawn = np.interp(np.arange(60), frames, values)
        np.testing.assert_allclose(
            drawn, expected.weights[:, profile.shapes.index(name)], atol=0.0051
        )


def test_a_face_at_rest_moves_no_morph() -> None:
    motion = motion_of(encoded_take(posed(), "vmd", ".vmd"))

    assert "ん" not in motion.morphs
    assert {value for keys in motion.morphs.values() for _, value in keys} == {0.0}


def test_keys_are_few_and_their_curves_straight() -> None:
    take = speaking(2.0)

    motion = motion_of(encoded_take(take, "vmd", ".vmd"))

    assert len(motion.morphs["ぷくー"]) < 40
    for _, _, ease in motion.bones["頭"]:
        # Of X, Y, Z and turn: two handles on the line from (0, 0) to (127, 127).
        x1, y1, x2, y2 = (np.array(list(ease[at : at + 4])) for at in (0, 4, 8, 12))
        assert list(x1) == [20, 20, 0, 0] and list(y1) == [20] * 4
        assert list(x2) == list(y2) == [107] * 4
        assert list(ease[16:31]) == [20] * 7 + [107] * 8


@pytest.mark.parametrize(
    ("rotation", "looked", "moved"),
    [
        ((0.4, 0.0, 0.0), (0, 0, -1), (0, 1, 0)),
        ((0.0, 0.4, 0.0), (0, 0, -1), (1, 0, 0)),
        ((0.0, 0.0, 0.4), (0, 1, 0), (1, 0, 0)),
    ],
    ids=["chin up", "turn to its left", "tilt to its left"],
)
def test_a_model_of_mikumikudance_turns_its_head_the_same_way(
    rotation: Vector, looked: Vector, moved: Vector
) -> None:
    bones = motion_of(encoded_take(posed(rotation=rotation), "vmd", ".vmd")).bones

    found = turned(turned(looked, bones["頭"][0][1]), bones["首"][0][1])

    expected = np.cos(0.4) * np.array(looked) + np.sin(0.4) * np.array(moved)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_eyes_of_a_model_look_where_the_gaze_goes() -> None:
    bones = motion_of(encoded_take(posed(gaze=(0.1, 0.2)), "vmd", ".vmd")).bones

    for eye in ("左目", "右目"):
        left, up, _ = turned((0, 0, -1), bones[eye][0][1])
        assert left == pytest.approx(np.sin(0.2) * np.cos(0.1), abs=1e-6)
        assert up == pytest.approx(np.sin(0.1), abs=1e-6)


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        ({"AU45L": 0.8, "AU45R": 0.8}, {"まばたき": 0.8}),
        ({"AU45R": 0.6}, {"ｳｨﾝｸ２右": 0.6}),
        ({"AU45L": 1.0, "AU45R": 0.3}, {"まばたき": 0.3, "ウィンク２": 0.7}),
    ],
)
def test_lids_that_do_alike_are_a_blink_and_the_rest_a_wink(
    levels: dict[str, float], shown: dict[str, float]
) -> None:
    morphs = motion_of(encoded_take(posed(levels), "vmd", ".vmd")).morphs

    lids = {name: morphs[name][0][1] for name in ("まばたき", "ウィンク２", "ｳｨﾝｸ２右")}
    assert lids == pytest.approx({name: shown.get(name, 0.0) for name in lids}, abs=1e-6)


def test_a_motion_begins_where_the_take_does() -> None:
    morphs = motion_of(encoded_take(posed({"AU34": 1.0}, start=0.5), "vmd", ".vmd")).morphs
    early = motion_of(encoded_take(posed({"AU34": 1.0}, start=-0.5), "vmd", ".vmd")).morphs

    assert morphs["ぷくー"] == [(15, 1.0)]
    assert early["ぷくー"] == [(0, 1.0)]


def test_both_eyes_of_somebody_elses_motion_are_a_gaze() -> None:
    half = 0.1
    key = struct.pack(
        "<15sI7f64s", "両目".encode("shift_jis"), 0, 0, 0, 0, 0, -np.sin(half), 0, np.cos(half), b""
    )
    morph = struct.pack("<15sIf", "あ".encode("shift_jis"), 10, 1.0)
    head = b"Vocaloid Motion Data 0002".ljust(50, b"\0")
    one = struct.pack("<I", 1)

    take = take_from_bytes(head + one + key + one + morph, "dance.vmd", Reading())

    np.testing.assert_allclose(take.gaze, np.tile([0.0, 0.2], (11, 1)), atol=1e-6)
    assert take.fps == 30 and take.channel("AU26")[0] > 0.3


def avatar_of(data: bytes) -> tuple[dict[str, Any], dict[str, dict[str, Floats]]]:
    """The extension of a ``.vrma`` file, and by a node's name what moves it, with its times."""
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON" and size % 4 == 0
    document = json.loads(data[20 : 20 + size])
    stored, kind = struct.unpack_from("<I4s", data, 20 + size)
    numbers = data[28 + size :]
    assert kind == b"BIN\0" and stored == len(numbers) == document["buffers"][0]["byteLength"]

    def rows(index: int) -> Floats:
        accessor = document["accessors"][index]
        view = document["bufferViews"][accessor["bufferView"]]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
        assert view["byteOffset"] % 4 == 0 and view["byteLength"] == 4 * width * accessor["count"]
        found = np.frombuffer(numbers, "<f4", width * accessor["count"], view["byteOffset"])
        return found.reshape(-1, width).astype(np.float64)

    (animation,) = document["animations"]
    moved: dict[str, dict[str, Floats]] = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        assert sampler["interpolation"] == "LINEAR"
        accessor = document["accessors"][sampler["input"]]
        times = rows(sampler["input"])[:, 0]
        assert [*accessor["min"], *accessor["max"]] == [times[0], times[-1]]
        name = document["nodes"][channel["target"]["node"]]["name"]
        moved[name] = {"times": times, channel["target"]["path"]: rows(sampler["output"])}
    assert document["extensionsUsed"] == ["VRMC_vrm_animation"]
    for node in document["scenes"][document["scene"]]["nodes"]:
        assert not any(node in other.get("children", ()) for other in document["nodes"])
    about = document["extensions"]["VRMC_vrm_animation"]
    about["nodes"] = [node["name"] for node in document["nodes"]]
    return about, moved


def test_a_vrm_animation_has_the_bones_that_readers_need_and_moves_neck_and_head_only() -> None:
    about, moved = avatar_of(encoded_take(speaking(), "vrma", ".vrma"))

    bones = {
        name: about["nodes"][entry["node"]]
        for name, entry in about["humanoid"]["humanBones"].items()
    }
    assert about["specVersion"] == "1.0"
    assert set(bones) >= REQUIRED_BONES and not {"leftEye", "rightEye"} & set(bones)
    assert {name for name, motion in moved.items() if "rotation" in motion} == {
        "neck",
        "head",
        "lookAt",
    }
    assert all(name == own for name, own in bones.items())


def test_weights_of_an_avatars_own_expressions_are_those_of_the_take() -> None:
    take = speaking()

    about, moved = avatar_of(encoded_take(take, "vrma", ".vrma"))

    profile = load_profile("vrm")
    track = profile.apply(take)
    preset = about["expressions"]["preset"]
    assert "custom" not in about["expressions"] and not LOOKS & set(preset)
    assert {"aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "happy"} <= set(
        preset
    )
    for name in ("aa", "ih", "ou", "ee", "oh", "happy"):
        assert about["nodes"][preset[name]["node"]] == name
        np.testing.assert_allclose(moved[name]["times"], take.times, atol=1e-6)
        place = moved[name]["translation"]
        np.testing.assert_allclose(
            place[:, 0], track.weights[:, profile.shapes.index(name)], atol=1e-6
        )
        assert not place[:, 1:].any()
    lids = {n: moved[n]["translation"][:, 0] for n in ("blink", "blinkLeft", "blinkRight")}
    left, right = (track.weights[:, profile.shapes.index(n)] for n in ("blinkLeft", "blinkRight"))
    np.testing.assert_allclose(lids["blink"] + lids["blinkLeft"], left, atol=1e-6)
    np.testing.assert_allclose(lids["blink"] + lids["blinkRight"], right, atol=1e-6)


def test_perfect_sync_has_arkits_shapes_in_both_spellings_and_no_look_twice() -> None:
    take = speaking()

    about, moved = avatar_of(encoded_take(take, "vrma_arkit", ".vrma"))

    custom = about["expressions"]["custom"]
    assert {"jawOpen", "JawOpen", "mouthSmileLeft", "MouthSmileLeft", "tongueOut"} <= set(custom)
    assert not [name for name in custom if "look" in name.lower()]
    assert "preset" not in about["expressions"] and "eyesClosed" not in custom
    profile = load_profile("arkit")
    jaw = profile.apply(take).weights[:, profile.shapes.index("jawOpen")]
    for name in ("jawOpen", "JawOpen"):
        np.testing.assert_allclose(moved[name]["translation"][:, 0], jaw, atol=1e-6)


@pytest.mark.parametrize(
    ("rotation", "looked", "moved_to"),
    [
        ((0.4, 0.0, 0.0), (0, 0, 1), (0, 1, 0)),
        ((0.0, 0.4, 0.0), (0, 0, 1), (1, 0, 0)),
        ((0.0, 0.0, 0.4), (0, 1, 0), (1, 0, 0)),
    ],
    ids=["chin up", "turn to its left", "tilt to its left"],
)
def test_an_avatar_turns_its_head_the_same_way(
    rotation: Vector, looked: Vector, moved_to: Vector
) -> None:
    _, moved = avatar_of(encoded_take(posed(rotation=rotation), "vrma", ".vrma"))

    found = turned(turned(looked, moved["head"]["rotation"][0]), moved["neck"]["rotation"][0])

    expected = np.cos(0.4) * np.array(looked) + np.sin(0.4) * np.array(moved_to)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_an_avatar_looks_where_the_gaze_goes() -> None:
    _, moved = avatar_of(encoded_take(posed(gaze=(0.1, 0.2)), "vrma", ".vrma"))

    left, up, _ = turned((0, 0, 1), moved["lookAt"]["rotation"][0])

    assert left == pytest.approx(np.sin(0.2) * np.cos(0.1), abs=1e-6)
    assert up == pytest.approx(np.sin(0.1), abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "rig", "most"),
    [("vmd", "mmd", 0.04), ("vrma", "vrm", 0.04), ("vrma_arkit", "arkit", 1e-4)],
)
def test_each_comes_back_as_a_take_that_shows_the_same(kind: Kind, rig: str, most: float) -> None:
    take = speaking(2.0)
    profile = load_profile(rig)

    data = encoded_take(take, kind, "")
    back = take_from_bytes(data, "x", Reading())

    same = take.sampled(back.times, back.fps)
    assert kind_of(data) == kind
    assert back.duration == pytest.approx(take.duration, abs=1e-3)
    shown, wanted = profile.apply(back).weights, profile.apply(same).weights
    assert np.abs(shown - wanted).max() < most
    assert np.abs(back.rotation - same.rotation).max() < 0.003
    assert np.abs(back.gaze - same.gaze).max() < 0.003


def test_a_body_that_rests_and_turns_otherwise_takes_nothing_from_the_head() -> None:
    data = encoded_take(posed({"AU34": 1.0}, rotation=(0.1, 0.3, -0.2)), "vrma_arkit", "")
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size])
    nodes = {node["name"]: node for node in document["nodes"]}
    # Hips that lie on their side at rest: the chain above is turned back where the neck begins.
    half = 2**-0.5
    nodes["hips"]["rotation"] = [half, 0.0, 0.0, half]
    nodes["chest"]["rotation"] = [-half, 0.0, 0.0, half]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    tail = data[20 + size :]
    whole = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(tail), len(text), b"JSON")

    take = take_from_bytes(whole + text + tail, "x.vrma", Reading())

    np.testing.assert_allclose(take.rotation[-1], [0.1, 0.3, -0.2], atol=1e-5)


@pytest.mark.parametrize("kind", ["vmd", "vrma", "vrma_arkit"])
def test_a_damaged_file_is_a_sentence(kind: Kind) -> None:
    data = encoded_take(speaking(0.3), kind, "")
    random = np.random.default_rng(3)

    for place in random.integers(0, len(data), 200).tolist():
        with pytest.raises(FormatError, match=r"x is|x must|x holds"):
            take_from_bytes(data[:place], "x", Reading())
    for _ in range(200):
        wrong = bytearray(data)
        for place in random.integers(0, len(data), 4):
            wrong[place] = int(random.integers(0, 256))
        try:
            take_from_bytes(bytes(wrong), "x", Reading())
        except FormatError as error:
            assert str(error).startswith(("x is", "x must", "x holds"))


def test_another_gltf_file_is_none_of_the_formats() -> None:
    text = b'{"asset":{"version":"2.0"}} '
    data = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON") + text

    with pytest.raises(FormatError, match="none of the formats"):
        take_from_bytes(data, "house.glb", Reading())


def test_convert_writes_both_by_their_suffix(tmp_path: Path) -> None:
    write_animation(tmp_path / "a.npz", speaking(0.5))

    for words in (["b.vmd"], ["c.vrma"], ["d.vrma", "--to", "vrma_arkit"]):
        assert main([str(tmp_path / "a.npz"), "-o", str(tmp_path / words[0]), *words[1:]]) == 0

    kinds = [kind_of((tmp_path / name).read_bytes()) for name in ("b.vmd", "c.vrma", "d.vrma")]
    assert kinds == ["vmd", "vrma", "vrma_arkit"]
