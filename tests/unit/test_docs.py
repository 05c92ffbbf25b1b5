"""The documents say what the code does, where both say the same thing."""

import csv
import re

from assets.facts.project import PROJECT_DIR
from pipelines.documents import DOCS, QUESTIONS, answers, data_dictionary, definitions
from tests.helpers import REPOSITORY


def test_written_pages_are_up_to_date() -> None:
    assert (DOCS / "data_dictionary.md").read_text() == data_dictionary(), "run make docs"
    assert (DOCS / "definitions.md").read_text() == definitions(), "run make docs"


def test_each_query_has_an_answer() -> None:
    page = QUESTIONS.read_text()
    found = answers(page)
    assert len(found) == page.count("```sql") > 0
    assert all(len(table.splitlines()) > 2 for _, table in found), "run make demo questions"


def test_each_definition_that_a_table_names_exists() -> None:
    with (PROJECT_DIR / "seeds" / "definitions.csv").open(newline="") as seed:
        names = {row["definition"] for row in csv.DictReader(seed)}
    named = re.findall(r"\(definition (\w+)", data_dictionary())
    assert set(named) <= names


def test_each_definition_has_an_example_and_each_new_version_a_reason() -> None:
    text = (DOCS / "definitions.md").read_text()
    with (PROJECT_DIR / "seeds" / "definitions.csv").open(newline="") as seed:
        versions = {row["definition"]: row["version"] for row in csv.DictReader(seed)}
    _, _, rest = text.partition("## Each definition by example")
    examples, _, changes = rest.partition("## What changed")
    assert re.findall(r"^\| `(\w+)` \|", examples, re.M) == list(versions)
    changed = re.findall(r"^\| `(\w+)` \| (\d+) \|", changes, re.M)
    expected = {
        (name, str(version))
        for name, newest in versions.items()
        for version in range(2, int(newest) + 1)
    }
    assert set(changed) == expected


def test_links_and_commands_in_the_documents_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    for path in [REPOSITORY / "README.md", *DOCS.glob("*.md")]:
        text = path.read_text()
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (path.parent / target).exists(), (path.name, target)
        for command in re.findall(r"`(?:\w+=\S+ )*make ([a-z-]+)", text):
            assert re.search(rf"^{command}:", makefile, re.M), (path.name, command)
