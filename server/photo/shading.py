"""The light of a photo taken off its skin.

Shading that depends on the direction of the surface alone is a low-order function of its normal:
nine spherical harmonics hold 98 % of it for a matt surface [1]_. They are fitted to the logarithm of the
lightness over the skin and divided out, not wholly, because dark hollows look like shade too.

References
----------
.. [1] Ramamoorthi, Hanrahan (2001). An efficient representation for irradiance environment maps.
.. [2] IEC 61966-2-1 (1999), the transfer function of sRGB.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STRENGTH = 0.9  # share of the fitted shading that is taken off
LIMITS = (0.6, 1.7)  # of the gain
SKIN_HUE = (42.0, 68.0)  # degrees in CIELAB
# In CIELAB: chroma above which skin is seldom, and by how much it is let go beyond at most. Below that
# lightness it falls with it, to that share.
SKIN_CHROMA, MORE_CHROMA = 22.0, 5.0
LIGHT_SKIN, LEAST_SHARE = 55.0, 0.7
GREY_CHROMA = 6.0  # in CIELAB, below which a photo has no colour to judge
BALANCE_LIMITS = (0.5, 2.2)  # narrower ones cut blue alone and turn a warm lamp's skin orange


def to_linear(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Linear light 0..1 of sRGB 0..1 [2]_, any shape."""
    v = np.asarray(values, np.float32)
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


def to_srgb(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """sRGB 0..1 of linear light 0..1 [2]_, any shape."""
    v = np.clip(np.asarray(values, np.float32), 0, 1)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)


def to_srgb_bytes(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """8-bit sRGB of linear light 0..1, looked up in steps finer than a byte can show."""
    table = np.round(to_srgb(np.linspace(0, 1, 1 << 14)) * 255).astype(np.uint8)
    steps = linear * np.float32((1 << 14) - 1)
    steps += np.float32(0.5)
    np.clip(steps, 0, (1 << 14) - 1, out=steps)
    return table.take(steps.astype(np.intp))


def lightness(linear: npt.ArrayLike) -> Floats:
    """Luminance (...,) of linear RGB (..., 3)."""
    return np.asarray(linear, np.float64) @ np.array([0.2126, 0.7152, 0.0722])


def levelling_gain(colours: Floats, normals: Floats, trust: Floats) -> Floats:
    """(V,) factor on linear light that evens out the shading of a surface.

    Parameters
    ----------
    colours : (V, 3) linear RGB; normals : (V, 3) unit; trust : (V,) weight of each as skin
    """
    used = trust > 0.2
    if used.sum() < 50:
        return np.ones(len(colours))
    basis = _harmonics(normals)
    height = np.log(np.maximum(lightness(colours), 1e-3))
    weights = trust[used].copy()
    found = np.zeros(basis.shape[1])
    for _ in range(3):  # robust: dark brows and beards must not pass for shade
        scaled = basis[used] * weights[:, None]
        ridge = 1e-2 * weights.sum() * np.diag([0.0, *[1.0] * 8])
        found = np.linalg.solve(scaled.T @ basis[used] + ridge, scaled.T @ height[used])
        miss = height[used] - basis[used] @ found
        weights = trust[used] / (1.0 + (np.minimum(miss, 0.3 * miss) / 0.12) ** 2)
    shade = basis @ found
    middle = np.average(shade[used], weights=trust[used])
    return np.clip(np.exp(-STRENGTH * (shade - middle)), *LIMITS)


def white_balance(skin: npt.ArrayLike) -> Floats:
    """(3,) factors on linear RGB that bring a skin tone among those of living skin.

    Parameters
    ----------
    skin : (3,) linear RGB, mean of the face as photographed

    Notes
    -----
    Skin of every lightness keeps to a narrow sector of CIELAB: hue about 40 to 70 degrees, chroma
    seldom above 25 [1]_, of dark skin less the darker it is [2]_. A warm lamp, a tan setting or a wrong
    white balance leads out of it; hue comes back most of the way and chroma to `SKIN_CHROMA` and a little
    more. A grey photo has no hue, so it is left alone.

    References
    ----------
    .. [1] Xiao et al. (2017). Characterising the variations in ethnic skin colours. Skin Res. Technol.
    .. [2] "Comparing Skin Colours Between Different Skin Groups": spectra of 47 people of four groups, of
       whom the dark ones have the less chroma the darker they are.
    """
    tone = np.asarray(skin, np.float64)
    lab = _lab(to_srgb(tone))
    chroma, hue = float(np.hypot(lab[1], lab[2])), float(np.degrees(np.arctan2(lab[2], lab[1])))
    if chroma < GREY_CHROMA:
        return np.ones(3)
    hue += 0.85 * (float(np.clip(hue, *SKIN_HUE)) - hue)
    most = SKIN_CHROMA * float(np.clip(lab[0] / LIGHT_SKIN, LEAST_SHARE, 1.0))
    beyond = max(chroma - most, 0.0) / MORE_CHROMA
    chroma = min(chroma, most) + MORE_CHROMA * float(np.tanh(0.5 * beyond))
    turned = np.radians(hue)
    wanted = np.array([lab[0], chroma * np.cos(turned), chroma * np.sin(turned)], np.float32)
    back = cv2.cvtColor(wanted.reshape(1, 1, 3), cv2.COLOR_LAB2RGB)
    factors = to_linear(np.clip(np.asarray(back).reshape(3), 0, 1)) / np.maximum(tone, 1e-4)
    factors *= lightness(tone) / max(float(lightness(tone * factors)), 1e-6)
    return np.clip(factors, *BALANCE_LIMITS).astype(np.float64)


def _lab(srgb: npt.ArrayLike) -> Floats:
    """(3,) CIELAB of one colour."""
    pixel = np.asarray(srgb, np.float32).reshape(1, 1, 3)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_RGB2LAB), np.float64).reshape(3)


def _harmonics(normals: Floats) -> Floats:
    """(V, 9) real spherical harmonics up to order 2, not normalised."""
    x, y, z = normals.T
    return np.stack(
        [np.ones_like(x), x, y, z, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], -1
    )
