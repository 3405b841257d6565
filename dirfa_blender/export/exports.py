"""Heads for other programs: glTF, FBX and USD through Blender's own exporters.

What is written is the mesh with its shape keys under their own names, the armature, and whatever Action
they play. Two things are put aside meanwhile and put back after: shaders, because exporters only
understand one plain shader with one picture, and what renders alone do to the mesh (they make it finer and
leave the cap under strands out), because that would be written out and shape keys with it lost.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..blender.standard_output import hushed
from ..core.errors import OutputError, SettingsError
from ..head.meshes import CAP_GROUP
from ..performing import lines
from ..session import state
from .usd_textures import own_textures, texture_folder

# Roughness of the plain stand-in of a slot's shader, by the last word of the material's name.
ROUGHNESS = {
    "cornea": 0.05,
    "sclera": 0.2,
    "teeth": 0.3,
    "iris": 0.35,
    "cloth": 0.9,
    "hair": 0.6,
    "brows": 0.6,
    "beard": 0.6,
}
SKIN_ROUGHNESS = 0.5
# Formats that know a surface which is either there or not: hair is that there, because engines sort no
# strands by their distance. The others have hair's opacity as it is.
CUT = (".glb", ".gltf", ".usdc", ".usd", ".usda")
# How a compressed .blend begins and ends (Zstandard, seekable format).
ZSTANDARD, SEEK_TABLE = bytes.fromhex("28b52ffd"), bytes.fromhex("b1ea928f")
# Of the clear cornea, which exporters know only as a share of opacity.
CORNEA_OPACITY = 0.08


def export_objects(
    path: Path, objects: Sequence[bpy.types.Object], *, animated: bool, from_zero: bool = False
) -> None:
    """Write objects (meshes with shape keys, armatures) to ``.glb``, ``.fbx``, ``.usdc`` or ``.blend``.

    Parameters
    ----------
    animated : with the Actions the objects play, over the scene's frame range
    from_zero : in glTF the first frame of that range is at 0 s, not where the scene has it

    Raises
    ------
    SettingsError
        The suffix is none of these.
    OutputError
        Blender cannot write the file. The scene is as it was either way.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise SettingsError(
            f"A head is exported as {', '.join(WRITERS)}, got {path.name!r}. Change the suffix."
        )
    if path.suffix.lower() == ".blend":
        _write_blend(path, objects)
        _refuse_half(path)
        return
    with (
        _in_sight(objects),
        _chosen(objects),
        _plain_materials(objects, is_cut=path.suffix.lower() in CUT),
        _as_meshes(objects),
    ):
        try:
            with contextlib.redirect_stdout(io.StringIO()), hushed(is_wanted=bpy.app.background):
                if write is _write_gltf:
                    _write_gltf(path, animated, from_zero=from_zero)
                else:
                    write(path, animated)
        except AttributeError as error:
            raise OutputError(
                f"This Blender was built without what writes {path.suffix} files, so {path.name} cannot "
                "be made. Choose another format, or use Blender's own download."
            ) from error
        except (RuntimeError, OSError) as error:
            raise _refused(path, error) from error
    if not path.is_file():
        raise OutputError(f"Blender wrote no {path.name} although it reported no error.")
    _refuse_half(path)


def _write_gltf(path: Path, animated: bool, *, from_zero: bool = False) -> None:
    _enable("io_scene_gltf2")
    bpy.ops.export_scene.gltf(
        filepath=str(path), export_format="GLB" if path.suffix.lower() == ".glb" else "GLTF_SEPARATE",
        use_selection=True, export_morph=True, export_morph_normal=False,
        export_animations=animated, export_image_format="JPEG", export_jpeg_quality=92,
        export_texture_dir=texture_folder(path.name), export_extras=True, export_apply=False,
        # What is seen as one animation, every frame of the range: engines interpolate in their own
        # ways, a walk below the take or layers are tracks, and other takes stay where they came from.
        export_animation_mode="SCENE", export_anim_scene_split_object=False, export_force_sampling=True,
        export_frame_range=True, export_optimize_animation_size=False,
        export_anim_slide_to_zero=from_zero,
    )  # fmt: skip


def _write_fbx(path: Path, animated: bool) -> None:
    _enable("io_scene_fbx")
    bpy.ops.export_scene.fbx(
        filepath=str(path), use_selection=True, object_types={"ARMATURE", "MESH"},
        use_mesh_modifiers=False, add_leaf_bones=False, mesh_smooth_type="FACE",
        path_mode="COPY", embed_textures=True, bake_anim=animated,
        bake_anim_use_nla_strips=False, bake_anim_use_all_actions=False, use_custom_props=True,
        bake_anim_force_startend_keying=True, bake_anim_step=1.0, bake_anim_simplify_factor=0.0,
    )  # fmt: skip


def _write_usd(path: Path, animated: bool) -> None:
    with own_textures(path) as made:
        bpy.ops.wm.usd_export(
            filepath=str(made), selected_objects_only=True, export_animation=animated,
            export_shapekeys=True, export_armatures=True, export_materials=True, export_uvmaps=True,
            generate_preview_surface=True, export_subdivision="IGNORE", relative_paths=True,
            export_textures_mode="NEW", convert_world_material=False,
        )  # fmt: skip


def _write_blend(path: Path, objects: Sequence[bpy.types.Object], *_: object) -> None:
    """The objects as they are, shaders and Actions included, in a scene of their own with their lines."""
    # A copy, because Blender 5.2 ends when it writes a scene that was made anew.
    alone = bpy.context.scene.copy()
    data = alone.animation_data
    curves = data.action.copy() if data is not None and data.action is not None else None
    try:
        if data is not None and curves is not None:
            data.action = curves
        for child in list(alone.collection.children):
            alone.collection.children.unlink(child)
        for thing in list(alone.collection.objects):
            alone.collection.objects.unlink(thing)
        for thing in objects:
            alone.collection.objects.link(thing)
        alone.camera = None
        _forget_others(alone, objects)
        bpy.data.libraries.write(str(path), {alone}, path_remap="ABSOLUTE", compress=True)
    except (RuntimeError, OSError) as error:
        raise _refused(path, error) from error
    finally:
        bpy.data.scenes.remove(alone)
        if curves is not None:
            bpy.data.actions.remove(curves)


def _forget_others(scene: bpy.types.Scene, objects: Sequence[bpy.types.Object]) -> None:
    """Lines, takes and rules of characters that are not among the objects leave a scene."""
    settings = getattr(scene, "dirfa", None)
    if settings is None:
        return
    with state().quietly():
        for index in reversed(range(len(settings.lines))):
            if settings.lines[index].character not in objects:
                lines.remove_line(scene, index)
        for index in reversed(range(len(settings.characters))):
            if settings.characters[index].target not in objects:
                settings.characters.remove(index)
        settings.rules.clear()
        if settings.target not in objects:
            settings.target = None


WRITERS: dict[str, Callable[[Path, bool], None]] = {
    ".glb": _write_gltf,
    ".gltf": _write_gltf,
    ".fbx": _write_fbx,
    ".usdc": _write_usd,
    ".usd": _write_usd,
    ".usda": _write_usd,
    ".blend": _write_blend,
}


def _refuse_half(path: Path) -> None:
    """Raise OutputError where a file lacks its end: some exporters report no error on a full disk."""
    if not _is_whole(path):
        raise OutputError(
            f"Blender could not write all of {path.name}: the disk may be full. Free some space, or "
            "choose another folder."
        )


def _is_whole(path: Path) -> bool:
    """Whether a file has what its format writes last."""
    with path.open("rb") as file:
        head = file.read(24)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 64))
        tail = file.read()
    if head.startswith(b"PXR-USDC"):
        # Where the table of contents begins.
        return int.from_bytes(head[16:24], "little") + 8 <= size
    if head.startswith(b"#usda"):
        return tail.rstrip().endswith(b"}")
    return size > 0 and (not head.startswith(ZSTANDARD) or tail.endswith(SEEK_TABLE))


def _refused(path: Path, error: Exception) -> OutputError:
    """The last thing that an exporter said, without the trace of how it came to say it."""
    said = [
        line.strip()
        for line in str(error).splitlines()
        if line.strip() and not line.startswith("Location:")
    ]
    reason = (
        re.sub(r"^((\w*Error|\[Errno \d+\]):?\s*)+", "", said[-1]) if said else "no reason given"
    )
    return OutputError(f"Blender could not write {path.name}: {reason.rstrip('.')}.")


def _enable(module: str) -> None:
    """Blender's exporters are add-ons of its own, which a window has on and a bare module has not."""
    import addon_utils

    addon_utils.enable(module)


@contextmanager
def _in_sight(objects: Sequence[bpy.types.Object]) -> Generator[None]:
    """Hidden or locked ones of the objects are shown and free meanwhile: nothing else can be chosen.

    So are those that no render shows: Blender leaves them out of a USD file.
    """
    layer = bpy.context.view_layer
    hidden = [o for o in objects if not o.visible_get() or o.hide_render or not _is_free(o)]
    if not hidden:
        yield
        return
    stage = bpy.data.collections.new("Export")
    bpy.context.scene.collection.children.link(stage)
    kept: list[tuple[bpy.types.Object, tuple[bool, bool, bool], bool]] = []
    try:
        for thing in hidden:
            stage.objects.link(thing)
        layer.update()
        for thing in hidden:
            flags = (thing.hide_viewport, thing.hide_select, thing.hide_render)
            kept.append((thing, flags, thing.hide_get()))
            thing.hide_viewport = thing.hide_select = thing.hide_render = False
            thing.hide_set(False)
        layer.update()
        yield
    finally:
        for thing, flags, from_here in kept:
            thing.hide_set(from_here)
            thing.hide_viewport, thing.hide_select, thing.hide_render = flags
        bpy.data.collections.remove(stage)


def _is_free(thing: bpy.types.Object) -> bool:
    """Whether an object may be selected."""
    return not thing.hide_select and any(not c.hide_select for c in thing.users_collection)


@contextmanager
def _chosen(objects: Sequence[bpy.types.Object]) -> Generator[None]:
    """Only these objects selected, and what was selected before selected again after."""
    layer = bpy.context.view_layer
    # Asking for the active object first brings the list up to date: it must not change under a loop.
    active = layer.objects.active
    kept = [o for o in layer.objects if o.select_get()]
    if active is not None and bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        for item in layer.objects:
            item.select_set(item in objects)
        layer.objects.active = objects[0]
        yield
    finally:
        layer.objects.active = active
        for item in layer.objects:
            item.select_set(item in kept)


@contextmanager
def _plain_materials(objects: Sequence[bpy.types.Object], *, is_cut: bool) -> Generator[None]:
    """Every material replaced by one Principled shader with its colour or its picture.

    ``is_cut``: what a picture leaves out is cut away at half its opacity.
    """
    meshes = {o.data for o in objects if o.type == "MESH"}
    kept = [(mesh, list(mesh.materials)) for mesh in meshes]
    made: dict[bpy.types.Material, bpy.types.Material] = {}
    try:
        for mesh, materials in kept:
            for slot, material in enumerate(materials):
                if material is not None:
                    made[material] = made.get(material) or _plain(material, is_cut=is_cut)
                    mesh.materials[slot] = made[material]
        yield
    finally:
        for mesh, materials in kept:
            for slot, material in enumerate(materials):
                mesh.materials[slot] = material
        for original, plain in made.items():
            name = plain.name
            bpy.data.materials.remove(plain)
            original.name = name


def _plain(material: bpy.types.Material, *, is_cut: bool) -> bpy.types.Material:
    """A stand-in that takes over the material's name for the time being."""
    name = material.name
    material.name = f"{name} (own shader)"
    plain = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        plain.use_nodes = True
    tree = plain.node_tree
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    slot = name.split(".")[0].rpartition(" ")[2]
    red, green, blue, _ = material.diffuse_color
    shader.inputs["Base Color"].default_value = (red, green, blue, 1.0)
    shader.inputs["Roughness"].default_value = ROUGHNESS.get(slot, SKIN_ROUGHNESS)
    if slot == "cornea":
        shader.inputs["Alpha"].default_value = CORNEA_OPACITY
        plain.surface_render_method = "BLENDED"
    picture = _picture(material)
    if picture is not None:
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image = picture
        tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
        if slot == "hair":
            opacity = texture.outputs["Alpha"]
            if is_cut:
                # What exporters know such a surface by.
                cut = tree.nodes.new("ShaderNodeMath")
                cut.operation = "ROUND"
                tree.links.new(opacity, cut.inputs[0])
                opacity = cut.outputs[0]
            tree.links.new(opacity, shader.inputs["Alpha"])
    plain.diffuse_color = material.diffuse_color
    return plain


def _picture(material: bpy.types.Material) -> bpy.types.Image | None:
    """The picture of a material's colour: that of its active texture node, else of its only one."""
    tree = material.node_tree
    if tree is None:
        return None
    textures = [n for n in tree.nodes if n.type == "TEX_IMAGE" and n.image is not None]
    active = [n for n in textures if n == tree.nodes.active]
    return (active or textures)[0].image if textures else None


@contextmanager
def _as_meshes(objects: Sequence[bpy.types.Object]) -> Generator[None]:
    """Neither finer than they are nor without what only renders leave out."""
    found = [m for o in objects for m in o.modifiers if m.type == "SUBSURF" or m.name == CAP_GROUP]
    kept = [(m, m.show_viewport, m.show_render) for m in found]
    try:
        for modifier in found:
            modifier.show_viewport = modifier.show_render = False
        yield
    finally:
        for modifier, viewport, render in kept:
            modifier.show_viewport, modifier.show_render = viewport, render
