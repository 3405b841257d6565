"""The lines of a batch: from a folder of recordings, or from a manifest a studio keeps.

A line without a seed gets one from its id, so neighbouring lines do not blink in step and a line keeps
its performance when others are added, removed or sorted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, get_args, get_type_hints

from dirfa_blender.core.command_line.manifest import SUFFIXES as MANIFESTS
from dirfa_blender.core.command_line.manifest import Problems, Row, guess_at, read_rows
from dirfa_blender.core.control_words import emotions
from dirfa_blender.core.controls_json import controls_from_fields, controls_to_fields
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.errors import DirfaError, FormatError, SettingsError
from dirfa_blender.core.file_names import checked_place, safe_place, told_name
from dirfa_blender.core.formats.take_formats import format_for
from dirfa_blender.core.protocol import AnimateSettings, from_fields, to_json
from dirfa_blender.core.recordings import FILMS, SOUNDS
from dirfa_blender.core.timing import parse_rate
from dirfa_blender.core.transcripts import text_beside

OWN_COLUMNS = ("id", "audio", "character", "emotion", "output", "settings")
FOREIGN = (
    "scene", "in_scene", "line", "shot", "take", "frame_start", "frames", "from_zero",
    "follow_through", "engine", "size", "samples",
)  # fmt: skip
"""Columns that belong to the commands for scenes: one manifest may serve both."""


@dataclass(frozen=True)
class Line:
    """One line of speech to animate.

    Parameters
    ----------
    id : its name, unique in the batch
    audio : the recording
    outputs : files to write, relative to the output folder; the suffix says the format
    settings : how it is animated
    character : who speaks; goes into the take's source
    where : its place in the manifest, for messages
    """

    id: str
    audio: Path
    outputs: tuple[str, ...]
    settings: AnimateSettings
    character: str = ""
    where: str = ""


@dataclass(frozen=True)
class _Plan:
    """What lines get that state nothing themselves."""

    defaults: AnimateSettings
    formats: tuple[str, ...]
    seed: int | None


def read_lines(
    source: Path,
    defaults: AnimateSettings,
    formats: tuple[str, ...],
    *,
    seed: int | None = None,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> list[Line]:
    """The lines in a folder or manifest.

    Parameters
    ----------
    defaults : settings of lines that state none of their own
    formats : endings to write where a line names no output
    seed : seed of lines that state none; None makes one from each line's id
    warn : is told which films of a folder are left out, and why

    Raises
    ------
    FormatError
        Nothing there, or rows are wrong; all of them are named.
    """
    if source.is_dir():
        return _folder_lines(source, _Plan(defaults, formats, seed), warn)
    if source.suffix.lower() in MANIFESTS:
        return _manifest_lines(source, _Plan(defaults, formats, seed))
    found = "nothing" if not source.exists() else "another file"
    raise FormatError(
        f"Expected a folder of recordings or a manifest ({', '.join(MANIFESTS)}), found {found} "
        f"at {source}."
    )


def with_texts(lines: list[Line]) -> list[Line]:
    """The lines, with the text beside the recording as transcript where they state none.

    Raises
    ------
    FormatError
        Text files cannot be read; all of them are named.
    """
    problems = Problems("Texts of the lines")
    told: list[Line] = []
    for line in lines:
        try:
            text = line.settings.transcript or text_beside(line.audio)
            told.append(replace(line, settings=replace(line.settings, transcript=text)))
        except DirfaError as error:
            problems.add(line.where, str(error))
    problems.raise_any()
    return told


def seed_of(id: str) -> int:
    """The seed that belongs to a line's id: the same on every computer."""
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:4], "big") >> 1


def _folder_lines(folder: Path, plan: _Plan, warn: Callable[[str], None]) -> list[Line]:
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise FormatError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in (*SOUNDS, *FILMS)
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    sounds = _heard(found, folder, warn)
    if not sounds:
        raise FormatError(
            f"The folder {folder} holds no recording ({', '.join(SOUNDS)}) and no film with sound."
        )
    names = [told_name(path.relative_to(folder).with_suffix("").as_posix()) for path in sounds]
    lines: list[Line] = []
    for path, name in zip(sounds, names, strict=True):
        # a.wav beside a.flac: the suffix tells them apart.
        id = name if names.count(name) == 1 else told_name(path.relative_to(folder).as_posix())
        outputs = tuple(safe_place(id) + suffix for suffix in plan.formats)
        seed = seed_of(id) if plan.seed is None else plan.seed
        settings = replace(plan.defaults, seed=seed)
        lines.append(Line(id, path, outputs, settings, where=str(path)))
    problems = Problems(f"Folder {folder.name}")
    _find_doubles(lines, problems)
    problems.raise_any()
    return lines


def _heard(found: Sequence[Path], folder: Path, warn: Callable[[str], None]) -> list[Path]:
    """The recordings of a folder, films among them: those of a shoot hold takes, pictures, and both.

    A film beside a recording of its name is where that came from, and one without sound says nothing.
    What cannot be opened stays, so that its line says why.
    """
    spoken = {path.with_suffix("") for path in found if path.suffix.lower() in SOUNDS}
    heard: list[Path] = []
    for path in found:
        reason = ""
        if path.suffix.lower() in FILMS:
            if path.with_suffix("") in spoken:
                reason = "a recording of its name lies beside it"
            else:
                reason = "" if _may_have_sound(path) else "it has no sound"
        if reason:
            warn(f"{told_name(path.relative_to(folder).as_posix())} is left out: {reason}.")
        else:
            heard.append(path)
    return heard


def _may_have_sound(film: Path) -> bool:
    # Its library takes a while to load, and most folders hold no film.
    from server.container import may_have_sound

    return may_have_sound(film)


def _manifest_lines(path: Path, plan: _Plan) -> list[Line]:
    settings = [entry.name for entry in fields(AnimateSettings)]
    problems = Problems(f"Manifest {path.name}", str(path))
    lines: list[Line] = []
    for row in read_rows(path, (*OWN_COLUMNS, *settings, *FOREIGN), problems):
        lines.append(_line_of(row, path.parent, plan, problems))
    _find_doubles(lines, problems)
    problems.raise_any()
    return lines


def _line_of(row: Row, folder: Path, plan: _Plan, problems: Problems) -> Line:
    """The line of a row; whatever is wrong in it is added to `problems`, cell by cell."""
    cells = {name: value for name, value in row.cells.items() if name not in FOREIGN}
    named = cells.pop("audio", "")
    if not isinstance(named, str) or not named:
        problems.add(
            row.where, f"must name a recording, from the manifest's folder, got {named!r}.", "audio"
        )
        named = ""
    id = str(cells.pop("id", ""))
    if named and not id:
        id = str(PurePosixPath(named.replace("\\", "/")).with_suffix(""))
    character = str(cells.pop("character", ""))
    output = cells.pop("output", "")
    outputs: list[str] = []
    if isinstance(output, list):
        outputs = [str(name) for name in output]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    elif isinstance(output, str):
        outputs = [output] if output else []
    else:
        problems.add(row.where, f"must name a file or a list of files, got {output!r}.", "output")
    places: list[str] = []
    if id and not outputs:
        outputs = [safe_place(id) + suffix for suffix in plan.formats]
    for name in outputs:
        with problems.at(row.where, "output"):
            places.append(_output(name))
    seed = seed_of(id) if plan.seed is None else plan.seed
    settings = _settings(cells, replace(plan.defaults, seed=seed), row.where, problems)
    return Line(id, folder / named, tuple(places), settings, character, row.where)


def _output(name: str) -> str:
    """The place of an output below the output folder, checked."""
    place = checked_place(name)
    try:
        format_for(place)
    except SettingsError as error:
        raise FormatError(f"output: {error}") from error
    return place


def _settings(
    cells: dict[str, Any], defaults: AnimateSettings, where: str, problems: Problems
) -> AnimateSettings:
    """Defaults, over them the row's ``settings`` object, over that its own cells; each tried alone."""
    extra = cells.pop("settings", {})
    if isinstance(extra, str):
        with contextlib.suppress(ValueError):
            extra = json.loads(extra)
    if not isinstance(extra, dict):
        problems.add(where, f"must be a JSON object, got {extra!r}.", "settings")
        extra = {}
    hints = get_type_hints(AnimateSettings)
    stated: dict[str, Any] = {}
    for column, values in (("settings", extra), ("", cells)):
        for name, value in values.items():  # pyright: ignore[reportUnknownVariableType]
            if name not in hints and name != "emotion":
                told = f"{guess_at(str(name), hints)}Known are {', '.join(hints)}."
                problems.add(where, f"there is no setting {name!r}. {told}", column)
                continue
            with problems.at(where, f"{column}.{name}".lstrip(".")):
                known = _cell(name, value, hints[name]) if name in hints else value
                _directed({name: known}, defaults)
                stated[name] = known
    with problems.at(where):
        return _directed(stated, defaults)
    return defaults


def _directed(stated: Mapping[str, Any], defaults: AnimateSettings) -> AnimateSettings:
    """Defaults with what is stated over them. Raises FormatError, SettingsError."""
    emotion = stated.get("emotion")
    own = {name: value for name, value in stated.items() if name != "emotion"}
    merged: dict[str, Any] = json.loads(to_json(defaults)) | own
    settings = from_fields(AnimateSettings, merged)
    if emotion is None:
        return settings
    if isinstance(emotion, str):
        return replace(settings, controls=replace(settings.controls, emotions=_emotions(emotion)))
    directed = controls_to_fields(settings.controls) | {"emotions": emotion}
    return replace(settings, controls=controls_from_fields(directed))


def _emotions(text: str) -> tuple[tuple[str, Curve], ...]:
    """Emotions in words as on the command line; names alone mean 1, and semicolons are commas."""
    parts = [part.strip() for part in text.replace(";", ",").split(",")]
    if not any("=" in part for part in parts):
        parts = [f"{name}=1" for name in parts]
    return emotions([",".join(parts)])


def _cell(name: str, text: Any, hint: Any) -> Any:
    """What a cell means for a setting: text as CSV has it; text that means nothing goes on to be refused.

    Raises
    ------
    FormatError
        The setting is a number and the cell holds none.
    """
    if not isinstance(text, str):
        return text
    kinds: tuple[Any, ...] = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if name == "fps":
        return parse_rate(text).per_second
    if str in kinds:
        return text
    if bool in kinds and text.lower() in ("true", "false", "yes", "no", "1", "0"):
        return text.lower() in ("true", "yes", "1")
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                continue
    if int in kinds or float in kinds:
        number = "number" if float in kinds else "whole number"
        raise FormatError(f"{name} must be a {number}, got {text!r}.")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _find_doubles(lines: Iterable[Line], problems: Problems) -> None:
    seen: dict[tuple[str, str], str] = {}
    for line in lines:
        if line.id:
            _note(seen, ("id", line.id), f"the id {line.id!r}", line.where, problems)
        for name in line.outputs:
            # Two names that differ in case only are one file on many disks.
            _note(seen, ("output", name.casefold()), f"the output {name}", line.where, problems)


def _note(
    seen: dict[tuple[str, str], str],
    value: tuple[str, str],
    what: str,
    where: str,
    problems: Problems,
) -> None:
    """Note which row has a column's value first; that another has it too is a problem."""
    if value in seen:
        problems.add(where, f"{what} is taken by {seen[value]} already.", value[0])
    seen.setdefault(value, where)
