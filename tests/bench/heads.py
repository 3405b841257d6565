"""``python -m tests.bench.heads PHOTO...``: does every shape do its work on every fitted head?

Each photo's face is fitted without its texture; each of the 52 shapes at weight 1 is then asked what a rig
is asked: does the landmark that the muscle moves go the right way on its side, do the lips stay on
their sides of the slit, do the lids stay out of the eyes, does no face of the skin turn over; besides,
``mouthClose`` seals an open jaw and a blink hides the eye. The last line is the share answered yes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from dirfa_blender.core.anatomy.face_view import swapped
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_fit import FitSettings, bare_fit, shaped_fit, solve
from dirfa_blender.core.head_shapes import ARKIT_NAMES
from tests.core import test_head_shapes as shapes

MM = 1e-3
PRESSED_MM = shapes.CROSS_TOLERANCE  # by which lips may seem to pass one another
INSIDE_MM = 0.35  # deeper than in the neutral head
GAP_MM = 1.0  # lips of a sealed mouth
LID_MM = 0.5
# Shapes that carry both sides of the mouth to one of them.
WHOLE = ("jawLeft", "mouthLeft")
TURNED_DEGREES = shapes.TURNED_DEGREES


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.heads", description=__doc__)
    parser.add_argument("photos", type=Path, nargs="+")
    options = parser.parse_args()
    asked = right = 0
    for path in options.photos:
        found = answers(_fitted(path))
        asked, right = asked + len(found), right + sum(found.values())
        wrong = [name for name, is_right in found.items() if not is_right]
        sys.stdout.write(
            f"{path.stem}: {len(found) - len(wrong)}/{len(found)} {', '.join(wrong)}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{right} of {asked}, {100 * right / asked:.2f} %\n")
    return 0 if right == asked else 1


def answers(head: Head) -> dict[str, bool]:
    """Name of each question and whether this head answers it as a face does."""
    found: dict[str, bool] = {}
    rest = head.landmarks()
    for name, landmark, axis, least in shapes.MOTIONS:
        moved = (head.landmarks(head.posed({name: 1.0})) - rest)[landmark, axis] / MM
        found[f"{name} moves {landmark}"] = bool(moved * np.sign(least) > 0.5 * abs(least))
        if name.endswith("Left") and name not in WHOLE:
            here = np.linalg.norm(head.shape_deltas[head.shape_names.index(name)], axis=1)
            sides = [here[head.vertices[:, 0] * side > 0].sum() for side in (1, -1)]
            found[f"{name} is on its side"] = bool(sides[0] > sides[1])
            twin = head.shape_deltas[head.shape_names.index(swapped(name))]
            there = np.linalg.norm(twin, axis=1)
            sides = [there[head.vertices[:, 0] * side > 0].sum() for side in (1, -1)]
            found[f"{swapped(name)} is on its side"] = bool(sides[1] > sides[0])
    skin = head.part("face", "neck", "nose")
    faces = head.faces[(skin[head.faces] | (head.faces < 0)).all(1)]
    normals = shapes.face_normals(head.vertices, faces)
    lids = head.part("lid_upper_left", "lid_lower_left")
    inside = np.minimum(shapes.room(head, head.vertices, lids), 0.0)
    crossed = shapes.View(head, head.vertices, "mouth").crossed()
    for name in ARKIT_NAMES:
        posed = head.posed({name: 1.0})
        cosine = (shapes.face_normals(posed, faces) * normals).sum(1).min()
        found[f"{name} turns no face over"] = bool(cosine > np.cos(np.radians(TURNED_DEGREES)))
        if name.startswith(("mouth", "jaw", "cheek", "tongue")) and name != "mouthClose":
            view = shapes.View(head, posed, "mouth")
            found[f"{name} crosses no lips"] = view.crossed() <= max(crossed, 0.0) + PRESSED_MM
        if name.startswith(("eye", "brow", "cheek", "nose")) and name.endswith("Left"):
            deeper = (shapes.room(head, posed, lids) - inside).min() / MM
            found[f"{name} keeps lids out of the eye"] = bool(deeper > -INSIDE_MM)
    for weight in (0.25, 0.5, 0.75, 1.0):
        view = shapes.View(head, head.posed({"jawOpen": weight, "mouthClose": weight}), "mouth")
        gap = view.tallest("teeth", "gums", "tongue", "cavity")
        found[f"mouthClose seals at {weight}"] = gap <= GAP_MM
    for side in ("left", "right"):
        view = shapes.View(head, head.posed({f"eyeBlink{side.title()}": 1.0}), f"eye_{side}")
        found[f"blink hides the {side} eye"] = view.tallest("eye", "cornea") <= LID_MM
    return found


def _fitted(path: Path) -> Head:
    from server.photo.decode import decode_photo
    from server.photo.landmarks import detect_face

    seen = detect_face(decode_photo(path.read_bytes()).pixels).landmarks
    return shaped_fit(bare_fit(solve([seen], FitSettings()), FitSettings())).head


if __name__ == "__main__":
    raise SystemExit(main())
