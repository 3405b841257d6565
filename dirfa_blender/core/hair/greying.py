"""Hair of two colours: how far places on a head belong to the second. No bpy.

Hair greys from the temples down first, at both sides alike. So a head with such hair has two colours, its
crown's and its sides', and where it is the one or the other follows from how high it grows between the eyes
and the crown. Between them fibres of both stand side by side: strands are drawn from one or the other.

Long hair is streaked instead: its fair strands take the second colour the further down the more, its dark
ones keep the first, as where roots have grown out below lighter lengths.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..easing import smoothstep
from ..head import Head
from .atlas import LUMINANCE
from .groom import Strands

Floats = npt.NDArray[np.float64]

# The colour of hair at the sides, of a head whose crown has another; of long hair that of its streaks.
SIDES = "hair_sides"
EYES = (33, 263)  # landmarks: outer corners of the eyes
# Heights, 0 at the eyes and 1 at the crown, at which hair is all of the sides and all of the crown.
FROM, TO = 0.20, 0.50
# The same heights where hair is long and streaked; what darkest and fairest strands have of a streak.
STREAKS_FROM, STREAKS_TO, STREAKED = -0.30, 0.95, (0.10, 1.0)
# Of linear light: what colour grey hair has of its light, at most and hardly any; between which luminances
# hair is dark and white at once.
GREY_COLOUR, MIXED_LIGHT = (0.45, 0.20), (0.03, 0.07, 0.35, 0.55)
SCATTER = 0.22  # of a share, standard deviation from strand to strand


def side_share(height: npt.ArrayLike) -> Floats:
    """0..1, how far hair at heights belongs to the sides: 0 at the eyes and 1 at the crown."""
    return 1.0 - smoothstep((np.asarray(height, np.float64) - FROM) / (TO - FROM))


def mixed_grey(linear: npt.ArrayLike) -> float:
    """0..1, how far hair of a linear RGB colour (3,) is grey, that is dark hairs beside white ones."""
    seen = np.asarray(linear, np.float64)
    light = float(seen @ LUMINANCE)
    colour = np.array(np.ptp(seen) / max(float(seen.max()), 1e-6))
    lightness = np.interp(light, MIXED_LIGHT, (0.0, 1.0, 1.0, 0.0))
    return float((1.0 - smoothstep(colour, *GREY_COLOUR[::-1])) * lightness)


def is_streaked(head: Head) -> bool:
    """Whether a head's second colour of hair is that of streaks in long hair."""
    return SIDES in head.colours and bool(head.part("hair_*").any())


def sides_of(head: Head, points: npt.ArrayLike) -> Floats:
    """(...,) 0..1, how far places (..., 3) in metres on a head belong to its second colour."""
    eyes = float(head.landmarks()[list(EYES), 2].mean())
    worn = head.part("hair") if head.part("hair").any() else head.part("scalp")
    crown = float(head.vertices[worn, 2].max())
    height = (np.asarray(points, np.float64)[..., 2] - eyes) / max(crown - eyes, 1e-6)
    if is_streaked(head):
        return 1.0 - smoothstep(height, STREAKS_FROM, STREAKS_TO)
    return side_share(height)


def with_sides(head: Head, grown: Strands, *, seed: int = 13) -> Strands:
    """The strands with how far each is of the second colour; as they are on a head of one colour."""
    if SIDES not in head.colours:
        return grown
    if is_streaked(head):
        streak = STREAKED[0] + (STREAKED[1] - STREAKED[0]) * smoothstep(grown.tones)[:, None]
        share = sides_of(head, grown.points) * streak
    else:
        share = _scattered(sides_of(head, grown.points[:, 0]), np.random.default_rng(seed))
    return replace(grown, sides=np.clip(share, 0.0, 1.0).astype(np.float32))


def drawn_from_sides(
    head: Head, places: npt.ArrayLike, random: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """(N,) whether locks at these places (N, 3) are of the second colour."""
    share = sides_of(head, places)
    if is_streaked(head):
        return random.random(len(share)) < share * np.mean(STREAKED)
    return _scattered(share, random) > 0.5


def _scattered(share: Floats, random: np.random.Generator) -> Floats:
    """Shares (N,) that differ from neighbour to neighbour; where all hair is of one colour they do not."""
    mixed = 4.0 * share * (1.0 - share)
    return share + SCATTER * mixed * random.normal(0.0, 1.0, len(share))
