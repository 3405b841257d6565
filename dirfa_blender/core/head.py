"""Head: a mesh with shape keys, a UV layout, a two-bone neck and the place of every face landmark.

Space is metres, Z up, the face looks along -Y, +X is the subject's left. A head carries no material
settings, only slot names and a few measured colours: how skin looks is the renderer's business. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from .errors import FormatError

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Pixels = npt.NDArray[np.uint8]
Heights = npt.NDArray[np.int16]

MOST_RELIEF = 2000  # micrometres that skin stands out of a mesh or lies under it, at most


@dataclass(frozen=True)
class Head:
    """A head: neutral mesh, 52 ARKit shapes (none on the bare template), landmarks and bones.

    Parameters
    ----------
    vertices : (V, 3) float32, metres
    faces : (F, 4) int32, counter-clockwise from outside; a triangle has -1 last
    uvs : (F, 4, 2) float32, one 0..1 layout, a value a face corner; unused corner of a triangle 0
    materials : slot names
    face_materials : (F,) int32, index into `materials`
    part_names : names of the parts a head is made of (``lips_upper``, ``teeth_lower``, ...)
    vertex_parts : (V,) int32, index into `part_names`
    shape_names : K ARKit names
    shape_deltas : (K, V, 3) float32, metres at weight 1
    landmark_vertices, landmark_weights : (N, 3) int32 and float32, barycentric place of face landmark n
    bone_names : B names, parents first
    bone_heads, bone_tails : (B, 3) float32, metres
    bone_weights : (B, V) float32; what is missing to 1 stays still
    albedo : (H, W, 3) uint8 sRGB skin texture in `uvs`, row 0 at v = 1, or None
    relief : (H, W) int16, micrometres by which skin stands out of the mesh, laid out as the albedo, or None
    colours : sRGB 0..1 of ``skin``, ``iris``, ``lips``, ``hair`` where measured
    source : what made it: photo hash, fit settings

    Raises
    ------
    FormatError
        Shapes disagree, an index points outside, or a value is not finite.
    """

    vertices: Floats
    faces: Integers
    uvs: Floats
    materials: tuple[str, ...]
    face_materials: Integers
    part_names: tuple[str, ...]
    vertex_parts: Integers
    shape_names: tuple[str, ...]
    shape_deltas: Floats
    landmark_vertices: Integers
    landmark_weights: Floats
    bone_names: tuple[str, ...]
    bone_heads: Floats
    bone_tails: Floats
    bone_weights: Floats
    albedo: Pixels | None = None
    relief: Heights | None = None
    colours: Mapping[str, tuple[float, float, float]] = field(
        default_factory=dict[str, tuple[float, float, float]]
    )
    source: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        v, f = len(self.vertices), len(self.faces)
        k, n, b = len(self.shape_names), len(self.landmark_vertices), len(self.bone_names)
        floats = {
            "vertices": (v, 3),
            "uvs": (f, 4, 2),
            "shape_deltas": (k, v, 3),
            "landmark_weights": (n, 3),
            "bone_heads": (b, 3),
            "bone_tails": (b, 3),
            "bone_weights": (b, v),
        }
        indices = {
            "faces": ((f, 4), -1, v),
            "face_materials": ((f,), 0, len(self.materials)),
            "vertex_parts": ((v,), 0, len(self.part_names)),
            "landmark_vertices": ((n, 3), 0, v),
        }
        for name, shape in floats.items():
            array = _read_only(np.asarray(getattr(self, name), np.float32), name, shape)
            if not np.isfinite(array).all():
                raise FormatError(f"Head.{name} must be finite, got NaN or infinity.")
            object.__setattr__(self, name, array)
        for name, (shape, low, high) in indices.items():
            array = _read_only(np.asarray(getattr(self, name), np.int32), name, shape)
            if array.size and (array.min() < low or array.max() >= high):
                raise FormatError(f"Head.{name} must lie in {low}..{high - 1}.")
            object.__setattr__(self, name, array)
        if self.albedo is not None:
            shape = (*self.albedo.shape[:2], 3)
            albedo = _read_only(np.asarray(self.albedo, np.uint8), "albedo", shape)
            object.__setattr__(self, "albedo", albedo)
        if self.relief is not None:
            object.__setattr__(self, "relief", _heights(self.relief))
        colours = {
            name: (float(c[0]), float(c[1]), float(c[2])) for name, c in self.colours.items()
        }
        object.__setattr__(self, "colours", MappingProxyType(colours))
        texts = {str(key): str(value) for key, value in self.source.items()}
        object.__setattr__(self, "source", MappingProxyType(texts))

    def part(self, *names: str) -> npt.NDArray[np.bool_]:
        """(V,) mask of the vertices of the named parts; a trailing ``*`` stands for any ending."""
        wanted = [
            index
            for index, part in enumerate(self.part_names)
            if any(part == n or (n.endswith("*") and part.startswith(n[:-1])) for n in names)
        ]
        return np.isin(self.vertex_parts, wanted)

    def posed(self, weights: Mapping[str, float]) -> Floats:
        """(V, 3) vertices with shape keys at the given weights; unknown names raise KeyError."""
        vertices = self.vertices.astype(np.float32, copy=True)
        for name, weight in weights.items():
            if name not in self.shape_names:
                raise KeyError(name)
            vertices += np.float32(weight) * self.shape_deltas[self.shape_names.index(name)]
        return vertices

    def landmarks(self, vertices: Floats | None = None) -> Floats:
        """(N, 3) positions of the face landmarks on these vertices (default: neutral)."""
        return self._at_landmarks(self.vertices if vertices is None else vertices)

    def landmark_deltas(self) -> Floats:
        """(K, N, 3) motion of the face landmarks at weight 1 of each shape."""
        moved = self.shape_deltas[:, self.landmark_vertices]
        return np.einsum("knci,nc->kni", moved, self.landmark_weights)

    def _at_landmarks(self, points: Floats) -> Floats:
        return np.einsum("nci,nc->ni", points[self.landmark_vertices], self.landmark_weights)


def without_vertices(head: Head, gone: npt.NDArray[np.bool_]) -> Head:
    """The head without vertices that are `gone` (V,) and the faces on them; no landmark may lie there."""
    number = np.cumsum(~gone) - 1
    kept = ~gone[np.maximum(head.faces, 0)].any(1)
    faces = head.faces[kept]
    return replace(
        head,
        vertices=head.vertices[~gone],
        faces=np.where(faces >= 0, number[np.maximum(faces, 0)], -1).astype(np.int32),
        uvs=head.uvs[kept],
        face_materials=head.face_materials[kept],
        vertex_parts=head.vertex_parts[~gone],
        shape_deltas=head.shape_deltas[:, ~gone],
        landmark_vertices=number[head.landmark_vertices].astype(np.int32),
        bone_weights=head.bone_weights[:, ~gone],
    )


def _heights(relief: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    if relief.ndim != 2 or relief.dtype != np.int16 or not relief.size:
        raise FormatError(f"Head.relief must be (H, W) int16, got {relief.shape} {relief.dtype}.")
    if max(int(relief.max()), -int(relief.min())) > MOST_RELIEF:
        raise FormatError(f"Head.relief must lie within {MOST_RELIEF} micrometres.")
    return _read_only(relief, "relief", relief.shape)


def _read_only(array: npt.NDArray[np.generic], name: str, shape: tuple[int, ...]):
    if array.shape != shape:
        raise FormatError(f"Head.{name} must have shape {shape}, got {array.shape}.")
    array = array.view()
    array.flags.writeable = False
    return array
