"""Which files a job may read."""

import os
import threading

import pytest

from allo_async.leads.leads_file import UnreadableFileError
from allo_async.worker.files import read_below

LEADS = "Phone\n+12125550010\n"


@pytest.fixture(name="folder")
def _folder(tmp_path):
    """A folder of lists beside a secret, with every kind of thing in it."""
    folder = tmp_path / "lists"
    (folder / "monday").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text(LEADS)
    (tmp_path / "lists-of-others").mkdir()
    (tmp_path / "lists-of-others" / "leads.csv").write_text(LEADS)
    (folder / "leads.csv").write_text(LEADS)
    (folder / "monday" / "leads.csv").write_text(LEADS)
    (folder / "inside.csv").symlink_to(folder / "leads.csv")
    (folder / "outside.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "elsewhere").symlink_to(tmp_path)
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    os.mkfifo(folder / "fifo.csv")
    return folder


@pytest.mark.parametrize("path", ["leads.csv", "monday/leads.csv", "./leads.csv", "inside.csv"])
def test_file_below_the_folder_is_read(folder, path):
    """A path within the folder is read, also by way of a link that stays inside."""
    assert [row.cells for row in read_below(folder, path).rows] == [{"Phone": "+12125550010"}]


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.csv", "monday/../../secret.csv", "../lists-of-others/leads.csv", "../lists/leads.csv", ".."),
        *("outside.csv", "elsewhere/secret.csv", "loop.csv", "zero.csv", "fifo.csv", "/dev/zero", "/etc/passwd"),
        *("", ".", "monday", "leads.csv\0", "nobody.csv", "x" * 10_000, "a/" * 5_000, "leads.csv/x", "~/x", "\ud800"),
    ],
)
def test_anything_else_is_refused_before_it_is_read(folder, path):
    """What is not below the folder, or is no regular file, is refused in words and at once."""
    told = []

    def read():
        with pytest.raises(UnreadableFileError) as caught:
            read_below(folder, path)
        told.append(str(caught.value))

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(10)

    assert len(told) == 1
    assert len(told[0]) < 500
    assert str(folder.parent) not in told[0].replace(path, "") or not path


def test_absolute_path_is_refused_even_inside(folder):
    """A job names its file by the path within the folder alone."""
    with pytest.raises(UnreadableFileError, match="not below"):
        read_below(folder, str(folder / "leads.csv"))


def test_without_a_folder_nothing_is_read():
    """An application that names no folder has workers that read no files."""
    with pytest.raises(UnreadableFileError, match=r"Loads\(files=…\)"):
        read_below(None, "leads.csv")


def test_no_file_is_read_beyond_the_bound(folder, monkeypatch):
    """A file of holes is not read into memory whole: a worker has jobs of others, too."""
    monkeypatch.setattr("allo_async.leads.leads_file.LARGEST_FILE", len(LEADS) - 1)

    with pytest.raises(UnreadableFileError, match=r"'leads\.csv' has more than"):
        read_below(folder, "leads.csv")
