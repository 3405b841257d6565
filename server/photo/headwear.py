"""Whether something covers the hair: it has a colour that no hair has.

Hair runs from black over brown, red and fair to white, all of it yellower than red and never green or blue.
A hat of such a colour, black, brown or white, is not told from hair by this, and hair that is dyed blue is
taken for a hat; of both a user is told, and can choose another photo.
"""

from __future__ import annotations

import cv2
import numpy as np

from .colours import LIT, plausible_hair
from .mask import FaceMasks, Pixels

# CIELAB a and b by which what is seen above a face is beyond all hair; square root of pixels at least. Dark
# hair before a blue wall is up to 6 beyond, grey hair 10.
BEYOND, LEAST_WIDE = 11.0, 20
LIKE_SKIN = 9.0  # CIELAB a and b from the skin's, up to which it is a scalp that thin hair shows
COLD_SKIN = 3.0  # CIELAB b of skin, below which the light and not a hat has the colour

HEADWEAR_WARNING = (
    "Something of a colour that no hair has covers the head, such as a hat, or the hair is dyed: what hair "
    "there is was guessed. Use a photo without it, or choose the hair's colour in its material."
)


def covers_hair(pixels: Pixels, masks: FaceMasks) -> bool:
    """Whether what is seen where hair is expected has a colour that hair has not.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 sRGB; masks : of the same picture
    """
    chosen, of_skin = masks.hair_clear > 0.6, masks.skin > 0.8
    if masks.is_bare or chosen.sum() < LEAST_WIDE**2 or not of_skin.any():
        return False
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    skin = np.median(lab[of_skin], axis=0)
    if float(skin[2]) < COLD_SKIN:
        return False
    above = lab[chosen]
    low, high = np.percentile(above[:, 0], LIT)
    seen = np.median(above[(above[:, 0] >= low) & (above[:, 0] <= high)], axis=0)
    if float(np.linalg.norm(seen[1:] - skin[1:])) < LIKE_SKIN:
        return False
    possible = np.array([[plausible_hair(seen.astype(np.float64), None)]], np.float32)
    nearest = cv2.cvtColor(possible, cv2.COLOR_RGB2LAB)[0, 0]
    return float(np.linalg.norm(seen[1:] - nearest[1:])) > BEYOND
