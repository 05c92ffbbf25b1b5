"""One repository of the sample Hub: what it is, when and under which name it can be seen.

Belongs here: a model's life. Does not belong here: which models there are (see
`pipelines.sample_hub.population`), how an item looks (see `pipelines.sample_hub.catalogue`).
"""

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from pipelines.sample_hub.calibration import Pull, day_number

FLOOR = dt.datetime(2022, 3, 2, 23, 29, 4, tzinfo=dt.UTC)
"""Creation time of everything older, on the Hub as here."""


@dataclass
class Model:
    """One repository.

    Attributes:
        repo_id: Its first name.
        created: As the Hub tells it.
        task: Pipeline tag.
        parameters: Number of them, where known.
        relation: To its parents.
        parents: Declared base models.
        tags_only: Its lineage is in the tags and nowhere else.
        listed_from: First day on which it is public.
        absent: Days from and before which it cannot be seen.
        renamed: Day and name since then.
        weight: Of its pull on downloads; 0 for the many that nobody wants.
        half_life: Of that weight, in days.
    """

    repo_id: str
    created: dt.datetime
    task: str | None
    parameters: int | None = None
    relation: str | None = None
    parents: list["Model"] = field(default_factory=list)
    tags_only: bool = False
    listed_from: int = 0
    absent: tuple[int, int] | None = None
    renamed: tuple[int, str] | None = None
    weight: float = 0.0
    half_life: int = 270
    pulls: list[Pull] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The list that first shows a model is that of the night after its creation."""
        self.listed_from = max(self.listed_from, day_number(self.created.date()) + 1)

    @property
    def hub_id(self) -> str:
        """As the Hub makes it: creation time in seconds, then something unique."""
        seconds = int(self.created.timestamp())
        return f"{seconds:08x}{hashlib.sha256(self.repo_id.encode()).hexdigest()[:16]}"

    def name(self, day: int) -> str:
        """Repository id on a day."""
        return self.renamed[1] if self.renamed and day >= self.renamed[0] else self.repo_id

    def is_listed(self, day: int) -> bool:
        """Whether the list shows it on a day."""
        return day >= self.listed_from and not (
            self.absent and self.absent[0] <= day < self.absent[1]
        )

    @property
    def owner(self) -> str:
        """Publisher under its first name."""
        return self.repo_id.split("/")[0]
