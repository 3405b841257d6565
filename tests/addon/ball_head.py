"""A head for tests: a ball with two eyes on a neck, with the right names and nothing beautiful."""

from __future__ import annotations

import numpy as np

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from dirfa_blender.core.mapping import load_profile

MATERIALS = (
    "skin",
    "sclera",
    "iris",
    "pupil",
    "cornea",
    "teeth",
    "gums",
    "tongue",
    "mouth",
    "lashes",
    "hair",
)


def ball_head(*, rings: int = 24, segments: int = 32, textured: bool = True) -> Head:
    """A ball of 0.1 m around (0, 0, 0.1) whose front carries two smaller balls as eyes."""
    parts = [
        ("skin", _ball((0, 0, 0.1), (0.08, 0.095, 0.115), rings, segments), "skin"),
        ("neck", _ball((0, 0.02, -0.05), (0.06, 0.06, 0.09), 8, segments), "skin"),
    ]
    for side, x in (("L", 0.032), ("R", -0.032)):
        parts.append((f"eye_{side}", _ball((x, -0.078, 0.12), (0.012,) * 3, 8, 12), "sclera"))
        parts.append(
            (f"iris_{side}", _ball((x, -0.0895, 0.12), (0.006, 0.001, 0.006), 4, 12), "iris")
        )
        parts.append(
            (f"cornea_{side}", _ball((x, -0.0898, 0.12), (0.007, 0.003, 0.007), 4, 12), "cornea")
        )
    vertices = np.concatenate([ball[0] for _, ball, _ in parts])
    offsets = np.cumsum([0, *[len(ball[0]) for _, ball, _ in parts[:-1]]])
    faces = np.concatenate(
        [
            np.where(ball[1] < 0, -1, ball[1] + offset)
            for (_, ball, _), offset in zip(parts, offsets, strict=True)
        ]
    )
    slots = np.concatenate(
        [np.full(len(ball[1]), MATERIALS.index(slot)) for _, ball, slot in parts]
    )
    owner = np.concatenate([np.full(len(ball[0]), i) for i, (_, ball, _) in enumerate(parts)])
    uvs = np.concatenate([ball[2] for _, ball, _ in parts])
    shapes = load_profile("arkit").shapes
    height = vertices[:, 2]
    head_weight = np.clip((height + 0.02) / 0.05, 0, 1)
    neck_weight = np.clip((height + 0.12) / 0.06, 0, 1) * (1 - head_weight)
    chin = int(np.argmin(np.where(owner == 0, height, np.inf)))
    return Head(
        vertices=vertices,
        faces=faces,
        uvs=uvs,
        materials=MATERIALS,
        face_materials=slots,
        part_names=tuple(name for name, _, _ in parts),
        vertex_parts=owner,
        shape_names=shapes,
        shape_deltas=_bumps(vertices, len(shapes)),
        landmark_vertices=np.full((468, 3), chin),
        landmark_weights=np.tile([1.0, 0.0, 0.0], (468, 1)),
        bone_names=("neck", "head"),
        bone_heads=[(0, 0.03, -0.08), (0, 0.02, 0.0)],
        bone_tails=[(0, 0.02, 0.0), (0, 0.02, 0.2)],
        bone_weights=np.stack([neck_weight, head_weight]),
        albedo=_ramp() if textured else None,
        colours={"skin": (0.8, 0.6, 0.5), "iris": (0.3, 0.4, 0.5)},
        source={"photo": "none"},
    )


def wavy_animation(duration: float = 1.0, fps: float = 50.0, start: float = 0.0) -> Animation:
    """Every unit, gaze and head pose moving on its own sine."""
    count = round(duration * fps)
    time = np.arange(count)[:, None] / fps
    phase = np.arange(len(AU_NAMES))[None] * 0.7
    return Animation(
        fps=fps,
        start=start,
        au_names=AU_NAMES,
        au=0.5 + 0.4 * np.sin(6 * time + phase),
        gaze=0.2 * np.sin(2 * time + [[0.0, 1.0]]),
        rotation=0.3 * np.sin(3 * time + [[0.0, 1.0, 2.0]]),
        translation=0.005 * np.sin(3 * time + [[0.0, 1.0, 2.0]]),
        source={"seed": "7", "model": "none"},
    )


def _bumps(vertices: np.ndarray, count: int) -> np.ndarray:
    """(K, V, 3) metres: a bump somewhere on the front for each shape."""
    random = np.random.default_rng(0)
    centres = random.uniform((-0.08, -0.1, 0.0), (0.08, -0.05, 0.2), (count, 3))
    near = np.exp(-((vertices[None] - centres[:, None]) ** 2).sum(-1) / 0.03**2)
    return near[..., None] * random.normal(0, 0.01, (count, 1, 3))


def _ramp() -> np.ndarray:
    """(64, 48, 3) uint8 sRGB, darker at the top."""
    ramp = np.linspace(120, 220, 64).astype(np.uint8)
    albedo = np.stack([np.broadcast_to(ramp[:, None], (64, 48))] * 3, -1).copy()
    albedo[..., 2] //= 2
    return albedo


def _ball(
    centre: tuple[float, float, float], radii: tuple[float, float, float], rings: int, segments: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (V, 3), faces (F, 4) and corner UVs (F, 4, 2) of an ellipsoid, normals outward."""
    polar = np.linspace(0, np.pi, rings + 1)[1:-1]
    turn = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    grid = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(turn),
            np.sin(polar)[:, None] * np.sin(turn),
            np.broadcast_to(np.cos(polar)[:, None], (rings - 1, segments)),
        ],
        -1,
    ).reshape(-1, 3)
    vertices = np.concatenate([grid, [(0, 0, 1), (0, 0, -1)]]) * radii + centre
    top, bottom = len(grid), len(grid) + 1
    faces, uvs = [], []
    for ring in range(rings):
        for s in range(segments):
            here, after = s, (s + 1) % segments
            upper, lower = (ring - 1) * segments, ring * segments
            if ring == 0:
                faces.append((top, lower + here, lower + after, -1))
            elif ring == rings - 1:
                faces.append((bottom, upper + after, upper + here, -1))
            else:
                faces.append((upper + here, lower + here, lower + after, upper + after))
            u, v = s / segments, 1 - ring / rings
            w, d = 1 / segments, 1 / rings
            uvs.append([(u, v), (u, v - d), (u + w, v - d), (u + w, v)])
    corners = np.array(uvs)
    corners[np.array(faces) < 0] = 0
    return vertices, np.array(faces), corners
