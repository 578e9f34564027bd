"""Each handler runs from its zip and its layers, in a bare Python that sees boto3 and nothing else.

Emulators put their own packages on a function's path, so a missing dependency shows on AWS only, or here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infrastructure.package import LAYERS_OF_FUNCTION

SETTINGS = {
    "MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50",
    "MUSIC_BUCKET": "music",
    "INDEX_BUCKET": "index",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "BUILD_QUEUE_URL": "http://127.0.0.1:1/builds",
    "UPLOADS_QUEUE_URL": "http://127.0.0.1:1/uploads",
}
# After the handler has served an event as far as it goes without servers: what its layers are for.
EXERCISES = {
    "extract_features": """
import math, struct, tempfile, wave
from pathlib import Path
from chalicelib.audio.analysis import analyse_file
path = Path(tempfile.mkdtemp()) / "tone.wav"
with wave.open(str(path), "wb") as sound:
    sound.setparams((1, 2, 22050, 0, "NONE", ""))
    sound.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i / 9) + 5000 * math.sin(i / 31))) for i in range(44100)))
assert len(analyse_file(path, file_name="tone.wav", max_duration_s=60.0).mfcc) == 20
import io, soundfile
from mutagen.id3 import APIC, ID3
from PIL import Image
song, samples = path.with_name("song"), soundfile.read(path)[0]
for number, picture in enumerate(("JPEG", "PNG", "GIF")):
    soundfile.write(song, samples[number:], 22050, format="MP3")
    drawn, tags = io.BytesIO(), ID3()
    Image.new("RGB", (900, 700), "red").save(drawn, picture)
    tags.add(APIC(encoding=0, mime="image/" + picture.lower(), type=3, desc="", data=drawn.getvalue()))
    tags.save(song)
    made = analyse_file(song, file_name="song", max_duration_s=60.0).cover
    assert Image.open(io.BytesIO(made.data)).size == (640, 498), picture
""",
    "build_index": """
import importlib, pkgutil, chalicelib.index
for module in pkgutil.iter_modules(chalicelib.index.__path__):
    importlib.import_module(f"chalicelib.index.{module.name}")
import numpy
from annoy import AnnoyIndex
from sklearn.preprocessing import StandardScaler
assert StandardScaler().fit(numpy.eye(3)).mean_.shape == (3,)
""",
    "recommend": """
from annoy import AnnoyIndex
index = AnnoyIndex(2, "angular")
index.add_item(0, [1.0, 0.0])
index.build(1)
assert index.get_nns_by_item(0, 1) == [0]
""",
    "relay_plays": "from chalicelib import bootstrap; bootstrap.play_publisher()",
    "record_dead_letter": "",
}
SCRIPT = """
import json, sys
folders, exercise = json.loads(sys.argv[1]), sys.argv[2]
standard = tuple(sys.path)
sys.path[:0] = folders
import handler
class Context:
    def get_remaining_time_in_millis(self): return 30_000
from chalicelib.errors import StoreUnavailableError
try:
    answer = handler.handle({"Records": [], "records": {}}, Context())
except StoreUnavailableError as exc:
    answer = {"unavailable": exc.store}
exec(exercise)
places = {name: module.__file__ for name, module in list(sys.modules.items()) if getattr(module, "__file__", None)}
from_where = lambda place: place.startswith(tuple(folders)) or place.startswith(standard)
print(json.dumps({"answer": answer, "leaks": {name: place for name, place in places.items() if not from_where(place)}}))
"""


def run_bare(function: str, *, unpacked: Path, boto3_folder: Path, tmp_path: Path) -> dict[str, Any]:
    layers = [str(unpacked / "layers" / layer / "python") for layer in LAYERS_OF_FUNCTION[function]]
    folders = [str(unpacked / "functions" / function), *layers, str(boto3_folder)]
    return run_folders(function, folders, python=find_base_python(), tmp_path=tmp_path)


def run_folders(function: str, folders: list[str], *, python: Path, tmp_path: Path) -> dict[str, Any]:
    """What the handler answers, and the modules that came from anywhere but `folders` and the standard library."""
    done = subprocess.run(
        [str(python), "-S", "-I", "-B", "-c", SCRIPT, json.dumps(folders), EXERCISES[function]],
        env={**SETTINGS, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def find_base_python() -> Path:
    """The Python below the virtual environment: -S keeps site-packages out, and this keeps the environment's own away too."""
    return Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize("function", sorted(LAYERS_OF_FUNCTION))
def test_handler_serves_an_empty_event_from_its_zip_its_layers_and_boto3_alone(
    function: str, unpacked: Path, boto3_folder: Path, tmp_path: Path
) -> None:
    """It imports, builds what it needs from the settings, its layers do what they are there for; no module comes from elsewhere."""
    outcome = run_bare(function, unpacked=unpacked, boto3_folder=boto3_folder, tmp_path=tmp_path)
    assert isinstance(outcome["answer"], dict)
    assert outcome["leaks"] == {}


def test_layers_of_one_function_hold_no_file_twice(unpacked: Path) -> None:
    for layers in LAYERS_OF_FUNCTION.values():
        files = [path.relative_to(unpacked / "layers" / layer) for layer in layers for path in (unpacked / "layers" / layer).rglob("*.py")]
        assert len(files) == len(set(files))


def test_functions_leave_pages_and_command_line_out(unpacked: Path) -> None:
    for function in LAYERS_OF_FUNCTION:
        shipped = {path.name for path in (unpacked / "functions" / function / "chalicelib").iterdir()}
        assert shipped.isdisjoint({"web", "cli"})
        assert {"workflows", "storage", "bootstrap.py"} <= shipped


def test_every_module_of_every_package_has_its_bytecode(unpacked: Path) -> None:
    """Lambda cannot write it, and without it each cold start compiles everything anew."""
    missing = [path for path in unpacked.rglob("*.py") if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))]
    assert missing == []
