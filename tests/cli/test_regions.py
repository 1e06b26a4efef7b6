import json

import pytest

MARIE = "marie@acme.example"
LISTS = {
    "FR": ["06 12 34 56 78", "01 99 00 12 34", "0687654321"],
    "DE": ["0171 1234567", "030 23125123", "0172/7654321"],
    "US": ["(212) 555-0110", "646-555-0111", "917.555.0112"],
    "GB": ["07911 123456", "020 7946 0958", "0161 496 0123"],
}


@pytest.mark.parametrize("region", LISTS)
@pytest.mark.parametrize("plan", [[], ["--plan"]])
def test_numbers_without_a_country_are_told_before_anything_is_sent(sandbox, run, tmp_path, region, plan):
    """Without --region, the command counts the national numbers and names the region that they are of."""
    file = tmp_path / "leads.csv"
    file.write_text("Phone\n+12125550199\n0033612345678\nn/a\n" + "\n".join(LISTS[region]) + "\n", "utf-8")

    told = run("load", file, "--to", MARIE, "--no-journal", *plan, code=None)

    assert f"3 numbers have no country code: give --region {region}" in told.stderr
    assert "country code" not in run("load", file, "--to", MARIE, "--region", region, "--plan", code=0).stderr


def test_numbers_of_no_one_country_are_told_without_a_guess(sandbox, run, tmp_path):
    """Where the numbers are of several countries, the command does not guess one."""
    file = tmp_path / "leads.csv"
    file.write_text("Phone\n06 12 34 56 78\n(212) 555-0110\n0171 1234567\n020 7946 0958\n", "utf-8")

    told = run("load", file, "--to", MARIE, "--plan", "--json", code=0)

    assert "4 numbers have no country code: give --region with" in told.stderr
    assert json.loads(told.stdout)[0]["rows"] == 4
