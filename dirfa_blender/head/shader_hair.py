"""Hair: strands that scatter light as hair does, cards and the cap under both, and the shirt."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ..core.hair.greying import SIDES, mixed_grey
from .shader_plan import SIDES_ATTRIBUTE, TONE_ATTRIBUTE, Plan

# Of a strand that scatters evenly. Light goes through fair hair from fibre to fibre, for which a picture
# in a few bounces has no time: without this white hair is grey. Dark hair takes in what goes in, it shines.
EVEN_SHARES, EVEN_LIGHT = (0.22, 0.6), (0.02, 0.20)
# Light that goes from fibre to fibre of dark hair takes their colour each time: what one fibre has of it is
# less; of fair hair little less, which mirrors more light than it tints.
SATURATION = (0.8, 0.95)
# By how much darker and lighter than that the darkest and the fairest strands of grey hair are.
SALT_AND_PEPPER = (0.5, 1.4)
# What is left of a strand's light at its root, and from which share of its length it has all.
ROOT, ROOT_SHARE = 0.6, 0.4
TIP = 1.2  # of it at its tip, which is older and bleached
# Of the photo's light that the darkest and the fairest strands have.
STRENGTH = (1.0, 2.7)
BRIGHTEST = 0.92  # scene-linear, of any channel of a fibre
# What is seen of such light over what one fibre gives back, of the darkest and of the fairest strands, and
# how much of its colour that has.
GAIN, SEEN_SATURATION = (0.9, 3.4), 0.87
# Times both for hair that hangs: it lies in its own shadow.
HANGING_STRENGTH, HANGING_GAIN = 1.25, 1.6
# Lamps of a portrait are warmer than the light in which a photo's hair was measured: what is taken off.
UNWARMED = (0.985, 1.0, 1.03, 1.0)
# Where light does not go from fibre to fibre: shares of the photo's colour that the darkest and the fairest
# strands have. Dark hair is lightened, for it shows the lamps beside its colour and none of them passes it:
# by a power of this luminance over its own, within limits; and of hair as dark and as fair as `EVEN_LIGHT`
# what is left of its colour.
PLAIN, PLAIN_LIGHT, PLAIN_POWER, PLAIN_LIMITS = (0.7, 1.3), 0.25, 0.35, (0.85, 2.5)
PLAIN_SATURATION, PLAIN_SHINE = (0.5, 0.85), 0.1
# Of a strand, which is drawn no thinner than a pixel: from where it fades toward its tip.
PLAIN_FADES = 0.5
# What a hair of a brow is of its surroundings' colour, in which skin between hairs is mixed; by how much of
# the skin's light those must be darker for a hair to begin, and to be whole.
BROW_SHADE = (0.8, 0.8, 0.79, 1.0)
BROW_FROM, BROW_WHOLE = 0.08, 0.55
# Of the skin's red over green less one, from which a white hair of a brow begins, and is whole.
PALE_FROM, PALE_WHOLE = 0.96, 0.80
# By how much more than its surroundings a hair of a beard is unlike skin, the darkest that one is, and what
# is left of its surroundings' colour at least.
BEARD_AWAY, DARKEST, DEEPEST = 0.35, (0.008, 0.006, 0.005, 1.0), 0.4


def strand(plan: Plan, *, hangs: bool = False) -> bpy.types.Node:
    """One strand: its colour varies from strand to strand and is darker at the root.

    Hair that `hangs` is as light as short hair, though less falls on it.
    """
    strength, gain = (HANGING_STRENGTH, HANGING_GAIN) if hangs else (1.0, 1.0)
    tone = plan.attribute(TONE_ATTRIBUTE, "Fac")
    root = _along(plan)
    colour = _by_place(plan, lambda name: plan.mixed(tone, *_fibres(plan, strength, name)))
    tinted = plan.mixed(1.0, colour, root, "MULTIPLY")
    shader = plan.node("ShaderNodeBsdfHairPrincipled")
    shader.model, shader.parametrization = "CHIANG", "COLOR"
    plan.feed(shader, "Color", tinted)
    shader.inputs["Roughness"].default_value = 0.36
    shader.inputs["Radial Roughness"].default_value = 0.55
    shader.inputs["Random Roughness"].default_value = 0.3
    lit = _by_place(plan, lambda name: plan.mixed(tone, *_seen(plan, name, gain)))
    seen = plan.mixed(1.0, lit, root, "MULTIPLY")
    # Light that such hair throws on skin and on more hair has come from one fibre: else it would grow.
    is_lighting = plan.node("ShaderNodeLightPath").outputs["Is Diffuse Ray"]
    even = plan.node("ShaderNodeBsdfDiffuse", Color=plan.mixed(is_lighting, seen, tinted))
    mix = plan.node("ShaderNodeMixShader", Fac=_even_share(plan))
    plan.feed(mix, 1, shader.outputs[0])
    plan.feed(mix, 2, even.outputs[0])
    return mix


def strand_in_eevee(plan: Plan, middle: tuple[float, float, float]) -> bpy.types.Node:
    """The same for EEVEE, which has no light from fibre to fibre: the photo's colour, lit as one volume.

    Parameters
    ----------
    middle : of the hair, metres in its own space, at the height above which it is as round as a head
    """
    dark_to_fair = plan.attribute(TONE_ATTRIBUTE, "Fac")
    tone = _by_place(plan, lambda name: plan.mixed(dark_to_fair, *_plain(plan, name)))
    tone = plan.mixed(1.0, tone, _along(plan), "MULTIPLY")
    along = plan.node("ShaderNodeHairInfo").outputs["Intercept"]
    whole, gone = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 1.0)
    shader = plan.principled(
        plan.linear("hair"),
        Base_Color=tone,
        Roughness=0.6,
        Normal=_outward(plan, middle),
        Alpha=plan.ramp(along, (PLAIN_FADES, whole), (1.0, gone)),
    )
    shader.inputs["Specular IOR Level"].default_value = PLAIN_SHINE
    return shader


def _along(plan: Plan) -> bpy.types.NodeSocket:
    """What is left of a strand's light along it, less the warmth of lamps."""
    dark, light = (tuple(share * part for part in UNWARMED) for share in (ROOT, TIP))
    along = plan.tree.nodes.new("ShaderNodeHairInfo").outputs["Intercept"]
    return plan.ramp(along, (0.0, dark), (ROOT_SHARE, UNWARMED), (1.0, light))


def _plain(plan: Plan, name: str) -> list[tuple[float, ...]]:
    """Linear colours of the darkest and the fairest strands of a volume that one colour has."""
    light = _light(plan, name)
    gain = (PLAIN_LIGHT / max(light, 1e-4)) ** PLAIN_POWER
    gain = min(max(gain, PLAIN_LIMITS[0]), PLAIN_LIMITS[1])
    saturation = _from_dark_to_fair(light, PLAIN_SATURATION)
    hair = [
        max(gain * (light + saturation * (part - light)), 0.0) for part in plan.linear(name)[:3]
    ]
    shares = _apart(plan, name, PLAIN)
    return [(*(min(share * part, 1.0) for part in hair), 1.0) for share in shares]


def _outward(plan: Plan, middle: tuple[float, float, float]) -> bpy.types.NodeSocket:
    """Away from the middle of the hair, level below it: a strand's own normal turns to whoever looks."""
    place = plan.node("ShaderNodeTexCoord").outputs["Object"]
    off = plan.node("ShaderNodeVectorMath", Vector=place)
    off.operation = "SUBTRACT"
    off.inputs[1].default_value = middle
    x, y, z = plan.parts(off.outputs[0])
    above = plan.node("ShaderNodeCombineXYZ", X=x, Y=y, Z=plan.math("MAXIMUM", z, 0.0))
    turned = plan.node("ShaderNodeVectorTransform", Vector=above.outputs[0])
    turned.vector_type, turned.convert_from, turned.convert_to = "NORMAL", "OBJECT", "WORLD"
    return turned.outputs[0]


def _by_place(plan: Plan, made: Callable[[str], bpy.types.NodeSocket]) -> bpy.types.NodeSocket:
    """What is made of the colour of a head's hair, from its crown's to its sides' where it has both."""
    crown = made("hair")
    if SIDES not in plan.colours:
        return crown
    return plan.mixed(plan.attribute(SIDES_ATTRIBUTE, "Fac"), crown, made(SIDES))


def _even_share(plan: Plan) -> object:
    """How much of the light hair of this colour scatters evenly: a number, or a socket by its place."""
    crown = _from_dark_to_fair(_light(plan, "hair"), EVEN_SHARES)
    if SIDES not in plan.colours:
        return crown
    sides = _from_dark_to_fair(_light(plan, SIDES), EVEN_SHARES)
    return plan.between(plan.attribute(SIDES_ATTRIBUTE, "Fac"), crown, sides)


def _seen(plan: Plan, name: str, exposure: float) -> list[tuple[float, ...]]:
    """Linear colours of what the darkest and the fairest strands scatter evenly, more than falls on one."""
    light = _light(plan, name)
    hair = [light + SEEN_SATURATION * (part - light) for part in plan.linear(name)[:3]]
    gains = _apart(plan, name, GAIN)
    return [(*(exposure * gain * part for part in hair), 1.0) for gain in gains]


def _apart(plan: Plan, name: str, shares: tuple[float, float]) -> tuple[float, float]:
    """Shares of the darkest and the fairest strands, further apart where hair is grey."""
    grey = mixed_grey(plan.linear(name)[:3])
    dark, fair = (
        share * (1.0 + grey * (apart - 1.0))
        for share, apart in zip(shares, SALT_AND_PEPPER, strict=True)
    )
    return dark, fair


def _fibres(plan: Plan, strength: float, name: str) -> list[tuple[float, ...]]:
    """Linear colours of the darkest and the fairest fibres of hair of a named colour."""
    return [_fibre(plan, strength * share, name) for share in _apart(plan, name, STRENGTH)]


def _light(plan: Plan, name: str) -> float:
    """Luminance of the photo's hair."""
    red, green, blue, _ = plan.linear(name)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _from_dark_to_fair(light: float, values: tuple[float, float]) -> float:
    """Between two values, of hair as dark and as fair as `EVEN_LIGHT`."""
    return _between(light, EVEN_LIGHT, values)


def _between(light: float, lights: tuple[float, float], values: tuple[float, float]) -> float:
    """The first of two values at and below the first of two lights, the second at and above the other."""
    share = (light - lights[0]) / (lights[1] - lights[0])
    return values[0] + (values[1] - values[0]) * min(max(share, 0.0), 1.0)


def hair(plan: Plan) -> bpy.types.Node:
    """Cards of hair and what lies under them: the atlas as it is, so that every program shows it alike."""
    shader = plan.principled(plan.linear("hair"), Roughness=0.6)
    shader.inputs["Specular IOR Level"].default_value = 0.18
    if plan.albedo is not None:
        atlas = plan.tree.nodes.new("ShaderNodeTexImage")
        atlas.image = plan.albedo
        plan.feed(shader, "Base Color", atlas.outputs["Color"])
        plan.feed(shader, "Alpha", atlas.outputs["Alpha"])
        plan.tree.nodes.active = atlas
    return shader


def _fibre(plan: Plan, strength: float, name: str = "hair") -> tuple[float, float, float, float]:
    """Linear colour of a fibre of hair that looks so strongly of the photo's."""
    red, green, blue, alpha = plan.linear(name)
    grey = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    saturation = _from_dark_to_fair(grey, SATURATION)
    seen = [max(0.0, strength * (grey + saturation * (part - grey))) for part in (red, green, blue)]
    # Clipped by channels, fair hair would lose its red first and turn olive.
    most = min(1.0, BRIGHTEST / max(*seen, 1e-6))
    red, green, blue = (most * part for part in seen)
    return red, green, blue, alpha


def brows(plan: Plan) -> bpy.types.Node:
    """Hairs in the colour that the photo's brow has under them; they fade where it has skin there."""
    plain = plan.linear("hair", 0.5)
    if plan.albedo is None:
        return plan.principled(Base_Color=plain, Roughness=0.5)
    seen = plan.tree.nodes.new("ShaderNodeTexImage")
    seen.image = plan.albedo
    colour = plan.mixed(1.0, seen.outputs["Color"], BROW_SHADE, "MULTIPLY")
    light = plan.node("ShaderNodeRGBToBW", Color=seen.outputs["Color"]).outputs[0]
    red, green, blue, _ = plan.linear("skin")
    skin = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    darker = plan.math("SUBTRACT", 1.0, plan.math("DIVIDE", light, skin))
    alpha = plan.math("DIVIDE", plan.math("SUBTRACT", darker, BROW_FROM), BROW_WHOLE - BROW_FROM)
    alpha.node.use_clamp = True
    if "brows" in plan.colours:
        pale = _pale(plan, seen.outputs["Color"])
        colour = plan.mixed(pale, colour, plan.linear("brows"))
        alpha = plan.math("MAXIMUM", alpha, pale)
    brow = plan.principled(plain, Base_Color=colour, Roughness=0.5, Alpha=alpha)
    brow.inputs["Specular IOR Level"].default_value = 0.3
    return brow


def _pale(plan: Plan, colour: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """0..1, how far a colour has less red beside its green than the skin, as white hair has."""
    red, green, _, _ = plan.linear("skin")
    parts = plan.node("ShaderNodeSeparateColor", Color=colour)
    over = plan.math("DIVIDE", parts.outputs[0], plan.math("MAXIMUM", parts.outputs[1], 1e-4))
    ruddy = plan.math("DIVIDE", plan.math("SUBTRACT", over, 1.0), max(red / green - 1.0, 0.05))
    pale = plan.math("DIVIDE", plan.math("SUBTRACT", PALE_FROM, ruddy), PALE_FROM - PALE_WHOLE)
    pale.node.use_clamp = True
    return pale


def beard(plan: Plan) -> bpy.types.Node:
    """Hairs in the colour that the photo's beard has at their roots, less the skin between hairs there."""
    plain = plan.linear("beard")
    if plan.albedo is None:
        return plan.principled(Base_Color=plain, Roughness=0.5)
    seen = plan.tree.nodes.new("ShaderNodeTexImage")
    seen.image = plan.albedo
    red, green, blue, _ = plan.linear("skin")
    skin = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    light = plan.node("ShaderNodeRGBToBW", Color=seen.outputs["Color"]).outputs[0]
    # Lighter by light alone, for a white beard less the red of its skin would be blue; darker in
    # proportion, for a brown one less grey would be orange.
    away = plan.math("MULTIPLY", plan.math("SUBTRACT", light, skin), BEARD_AWAY)
    less = plan.math("ADD", 1.0, plan.math("DIVIDE", plan.math("MINIMUM", away, 0.0), light))
    less = plan.math("MAXIMUM", less, DEEPEST)
    darker = plan.mixed(1.0, seen.outputs["Color"], less, "MULTIPLY")
    colour = plan.node("ShaderNodeVectorMath", Vector=darker)
    colour.operation = "ADD"
    plan.feed(colour, 1, plan.math("MAXIMUM", away, 0.0))
    colour = plan.mixed(1.0, colour.outputs[0], DARKEST, "LIGHTEN")
    beard = plan.principled(plain, Base_Color=colour, Roughness=0.5)
    beard.inputs["Specular IOR Level"].default_value = 0.25
    return beard


def cloth(plan: Plan) -> bpy.types.Node:
    weave = plan.noise(plan.layout_place(), 900.0, 1.0)
    bump = plan.node("ShaderNodeBump", Height=weave, Strength=0.25, Distance=0.0006)
    colour = plan.mixed(weave, (0.016, 0.019, 0.027, 1.0), (0.034, 0.040, 0.054, 1.0))
    cloth = plan.principled(Base_Color=colour, Roughness=0.9, Normal=bump.outputs[0])
    cloth.inputs["Specular IOR Level"].default_value = 0.15
    cloth.inputs["Sheen Weight"].default_value = 0.25
    return cloth
