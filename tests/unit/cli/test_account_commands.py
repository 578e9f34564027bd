"""What operators type about people: grant, revoke, export and erase over stores in memory, by the command's own entry."""

from __future__ import annotations

import io
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.cli import main as cli
from tests.fakes.account_stores import FakeExportBucket, make_fake_account_stores
from tests.fakes.buckets import FakeMusicBucket
from tests.fakes.samples import make_play, make_session, make_upload, make_user
from tests.fakes.stores import (
    FakeFeedbackStore,
    FakeListeningStore,
    FakePlayStore,
    FakeRecommendationStore,
    FakeSessionStore,
    FakeTrackStore,
    FakeUploadStore,
    FakeUserStore,
)


class Stores:
    """What `bootstrap` hands out, each under the name of its function."""

    def __init__(self) -> None:
        self.users = FakeUserStore()
        self.sessions = FakeSessionStore()
        self.plays = FakePlayStore()
        self.feedback = FakeFeedbackStore()
        self.recommendations = FakeRecommendationStore(self.plays)
        self.uploads = FakeUploadStore()
        self.tracks = FakeTrackStore()
        self.listening = FakeListeningStore()
        self.export_bucket = FakeExportBucket()
        self.music_bucket = FakeMusicBucket()
        self.account_stores = make_fake_account_stores(
            users=self.users,
            sessions=self.sessions,
            plays=self.plays,
            feedback=self.feedback,
            recommendations=self.recommendations,
            uploads=self.uploads,
            tracks=self.tracks,
        )


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """With Ann, who listened and uploaded, and Bob, who listened."""
    stores = Stores()
    for name, store in vars(stores).items():
        monkeypatch.setattr(bootstrap, name, lambda store=store: store)
    for user_id, name in (("ann", "Ann"), ("bob", "Bob")):
        stores.users.add(make_user(user_id, name))
        stores.sessions.add(make_session(f"token-{user_id}", user_id=user_id))
        stores.plays.record(make_play(f"event-{user_id}", user_id=user_id))
    upload = stores.uploads.create(make_upload("a"))
    stores.music_bucket.put(upload.key, b"audio")
    yield stores
    bootstrap.reset()


def answer_with(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(line))


def test_a_role_is_given_and_taken_and_the_same_twice_is_as_good_as_once(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for act in ("grant", "grant", "revoke", "revoke"):
        assert cli.main([act, "ann", "operator"]) == 0
        said.append(capsys.readouterr().err)
    assert said == [
        "Ann now is an operator. Roles: a listener, an uploader, an operator.\n",
        "Ann already was an operator. Roles: a listener, an uploader, an operator.\n",
        "Ann no longer is an operator. Roles: a listener, an uploader.\n",
        "Ann was not an operator. Roles: a listener, an uploader.\n",
    ]
    assert stores.users.users["ann"].roles == stores.users.users["bob"].roles == ("listener", "uploader")


def test_roles_are_told_to_programs_as_json(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["revoke", "Ann", "uploader", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"username": "Ann", "roles": ["listener"]}
    assert stores.users.users["ann"].roles == ("listener",)


def test_that_one_listens_is_not_taken_by_a_role(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["revoke", "Ann", "listener"]) == 1
    assert capsys.readouterr().err.startswith("timbre: Everybody stays a listener")
    assert "listener" in stores.users.users["ann"].roles


@pytest.mark.parametrize(
    "words", [["grant", "Zoe", "operator"], ["revoke", "Zoe", "uploader"], ["export", "Zoe"], ["erase", "Zoe", "--yes"]]
)
def test_who_is_not_there_is_named_in_a_sentence(stores: Stores, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert cli.main(words) == 1
    assert capsys.readouterr() == ("", "timbre: There is no user 'Zoe'.\n")
    assert len(stores.users.users) == 2


@pytest.mark.parametrize("act", ["grant", "revoke"])
def test_a_role_that_is_none_is_wrong_words(stores: Stores, capsys: pytest.CaptureFixture[str], act: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([act, "Ann", "wizard"])
    assert ended.value.code == 2
    assert "invalid choice: 'wizard' (choose from" in capsys.readouterr().err
    assert stores.users.calls == ["add", "add"]


def test_an_export_goes_whole_into_a_file_that_others_cannot_read(
    stores: Stores, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    to = tmp_path / "ann.json"
    for _ in range(2):
        assert cli.main(["export", "ann", "--to", str(to)]) == 0
        told = json.loads(to.read_bytes())
        assert [play["event_id"] for play in told["plays"]] == ["event-ann"]
        assert capsys.readouterr().err == f"Everything that is kept of Ann is in {to} ({to.stat().st_size:,} bytes).\n"
    assert set(stores.plays.plays) == {"event-ann", "event-bob"}
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [to]
    assert cli.main(["export", "ann", "--to", str(to), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(to), "size_bytes": to.stat().st_size}


def test_an_export_without_a_file_is_standard_output_and_nothing_else(stores: Stores, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.main(["export", "Bob"]) == 0
    written = capfdbinary.readouterr()
    assert json.loads(written.out)["profile"]["username"] == "Bob"
    assert written.err == b""
    assert stores.users.users["bob"].password_hash.encode() not in written.out


def test_an_export_that_is_cut_off_leaves_the_file_that_was_there(
    stores: Stores, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    to = tmp_path / "ann.json"
    to.write_text("of yesterday")
    stores.tracks.is_down = True  # after the plays, which name the songs
    assert cli.main(["export", "Ann", "--to", str(to)]) == 1
    assert capsys.readouterr().err.startswith("timbre: ")
    assert [(path, path.read_text()) for path in tmp_path.iterdir()] == [(to, "of yesterday")]


@pytest.mark.parametrize(
    ("name", "why"), [("none/ann.json", "cannot be written: No such file or directory."), ("", "is a folder: name a file.")]
)
def test_a_file_that_cannot_be_written_is_told_in_a_sentence(
    stores: Stores, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, why: str
) -> None:
    to = tmp_path / name
    assert cli.main(["export", "Ann", "--to", str(to)]) == 1
    assert capsys.readouterr().err == f"timbre: {to} {why}\n"
    assert stores.plays.calls == ["record", "record"]


@pytest.mark.parametrize("line", ["", "\n", "y\n", "yes\n", "Bob\n"])
def test_nobody_is_erased_without_their_name_being_typed(
    stores: Stores, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    answer_with(line, monkeypatch)
    assert cli.main(["erase", "Ann", "--with-uploads"]) == 1
    said = capsys.readouterr().err
    assert "This erases Ann with everything that was kept of them, and the songs that they uploaded. It cannot be undone." in said
    assert said.endswith("Nothing was erased.\n")
    assert "ann" in stores.users.users
    assert set(stores.plays.plays) == {"event-ann", "event-bob"}


def test_who_is_erased_is_gone_and_the_second_time_nobody_is_called_so(
    stores: Stores, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with("Ann\n", monkeypatch)
    assert cli.main(["erase", "ann"]) == 0
    assert "Ann is erased." in capsys.readouterr().err
    assert set(stores.users.users) == {"bob"}
    assert set(stores.plays.plays) == {"event-bob"}
    assert len(stores.music_bucket.objects) == 1
    assert cli.main(["erase", "ann", "--yes"]) == 1
    assert capsys.readouterr().err == "timbre: There is no user 'ann'.\n"


def test_uploads_go_too_where_that_is_asked_for(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["erase", "Ann", "--with-uploads", "--yes", "--json"]) == 0
    written = capsys.readouterr()
    assert json.loads(written.out) == {"username": "Ann", "erased": True}
    assert written.err == ""
    assert stores.music_bucket.objects == {}


def test_an_erasure_that_is_cut_off_says_that_it_will_be_finished(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    history: Any = stores.account_stores.history
    history.is_down = True
    assert cli.main(["erase", "Ann", "--yes"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("The account of Ann is gone. The rest was cut off")
    assert "ann" not in stores.users.users
    assert "event-ann" in stores.plays.plays
