"""Draw the charts of the last run into `docs/plots/`.

python -m benchmarks.plots
"""

from benchmarks import results
from benchmarks.draw import draw

_FOLDER = results.ROOT / "docs" / "plots"


def main() -> None:
    """Write a file for each chart."""
    _FOLDER.mkdir(exist_ok=True)
    for section in results.read().values():
        for name, chart in section.charts.items():
            (_FOLDER / f"{name}.svg").write_text(draw(chart), "utf-8")


if __name__ == "__main__":
    main()
