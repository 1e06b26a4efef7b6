"""The notebook of the examples is run in a kernel, as Jupyter runs it."""

import nbformat
import pytest
from nbclient import NotebookClient


@pytest.fixture(name="outputs")
async def _outputs(root, environment, tmp_path, monkeypatch):
    """The HTML or text that each cell of code ends with, by the cell's id."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    notebook = nbformat.read(root / "examples/notebook.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})

    await client.async_execute()

    shown = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    return {name: outputs[-1].data for name, outputs in shown.items() if outputs}


async def test_notebook_shows_results_as_tables(outputs):
    """A result is a table of counts and reasons in the notebook; a data frame of its rows joins the leads."""
    assert "<td>added</td><td>3</td>" in outputs["result"]["text/html"]
    assert "INVALID_PHONE_NUMBER" in outputs["result"]["text/html"]
    assert outputs["result"]["text/plain"].startswith("<AppendResult 5 rows: 3 added")
    assert "<caption>3 queues</caption>" in outputs["spread"]["text/html"]
    assert [name for name in ("result", "spread") if "555" in str(outputs[name])] == []
    assert "to be asked" in outputs["rows"]["text/html"]
    assert "DUPLICATE_NUMBER" in outputs["skipped"]["text/html"]
