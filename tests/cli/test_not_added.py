"""The file of the rest takes no other file's place."""

import errno

import pytest

from allo_async.cli.not_added import write_not_added
from allo_async.leads.leads_file import read_leads_file


@pytest.fixture(name="leads")
def _leads(tmp_path):
    def leads(name="leads.csv", content="Phone\nn/a\n"):
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return read_leads_file(path)

    return leads


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("other", "content"),
    [("leads.xlsx", "Phone\n1\n"), ("leads.txt", "Phone\n1\n"), ("leads.json", '[{"Phone": "1"}]')],
)
def test_inputs_of_one_stem_have_a_rest_each(leads, tmp_path, other, content):
    """What is loaded well removes its own rest, and not that of an input that is called nearly alike."""
    write_not_added(leads(), {2: "WHY"})
    lines = leads("leads.jsonl", '{"Phone": "n/a"}\n')
    write_not_added(lines, {1: "WHY"})

    write_not_added(leads(other, content), {})

    assert {"leads.not-added.csv", "leads.not-added.jsonl"} <= names(tmp_path)


OWN = {
    "notes": "my own notes",
    "a table": "Phone,allo\n1,2\n",
    "binary": "\x00\x01",
    "objects": '{"Phone": 1}\n',
    "later": "Phone\nallo_reason\n",
    "a quote": '"' + "x" * 2_000_000,
}


@pytest.mark.parametrize("content", OWN.values(), ids=OWN)
@pytest.mark.parametrize("source", ["leads.csv", "leads.jsonl"])
def test_file_of_the_user_s_own_stays(leads, tmp_path, source, content):
    """A file that has the name by chance is neither removed nor replaced: the rest is numbered, and goes as ever."""
    file = leads(source) if source == "leads.csv" else leads(source, '\n{"Phone": "n/a"}\n')
    own = tmp_path / source.replace(".", ".not-added.")
    own.write_text(content, "utf-8")
    numbered = tmp_path / source.replace(".", ".not-added-2.")

    assert write_not_added(file, {}) is None
    assert write_not_added(file, {2: "WHY"}) == numbered
    assert write_not_added(file, {2: "AGAIN"}) == numbered
    assert "AGAIN" in numbered.read_text("utf-8-sig")
    assert write_not_added(file, {}) is None

    assert own.read_text("utf-8") == content
    assert names(tmp_path) == {source, own.name}


@pytest.mark.parametrize("header", ["Phone", '"Phone\nof all",Name', "Phone;Name", "Phone\tName"])
def test_rest_of_an_earlier_run_is_known(leads, tmp_path, header):
    """It is removed whatever its delimiter, and with a header on several lines."""
    file = leads(content=f"{header}\nn/a\n+12125550110\n")
    path = write_not_added(file, {row.line: "WHY" for row in file.rows})

    write_not_added(file, {})

    assert not path.exists()


def test_name_is_told_where_a_disk_is_full(leads, tmp_path, monkeypatch):
    """The system names no file when a write fails; the error does."""

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_not_added(leads(), {2: "WHY"})

    assert caught.value.filename == str(tmp_path / "leads.not-added.csv")
