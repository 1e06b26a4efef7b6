"""The results of a run, as JSON."""

from collections.abc import Mapping
from pathlib import Path

import attrs
import orjson
from cattrs import Converter

from benchmarks.charts import Bars, Chart, Lines
from benchmarks.measure import Section

#: The folder that `benchmarks` stands in.
ROOT = Path(__file__).parents[1]

#: Where a run leaves its results.
LAST = ROOT / "build" / "benchmarks.json"

#: The sections by their titles.
Results = Mapping[str, Section]


def _chart(content: Mapping[str, object], _: object) -> Chart:
    kind: type[Lines | Bars] = Lines if "lines" in content else Bars
    return _converter.structure_attrs_fromdict(content, kind)


_converter = Converter()
_converter.register_structure_hook(Chart, _chart)


def write(results: Results, path: Path = LAST) -> None:
    """Write the results to *path*."""
    path.parent.mkdir(exist_ok=True)
    content = {title: attrs.asdict(section) for title, section in results.items()}
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def read(path: Path = LAST) -> Results:
    """Read the results of a run.

    Raises:
        FileNotFoundError: There was none.
    """
    return _converter.structure(orjson.loads(path.read_bytes()), dict[str, Section])
