"""A part's own view of the page."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartView:
    """A JavaScript module in the part's Python package, shown as a page of the dashboard.

    `name` is the word in its address (`#/NAME`), `title` the one in the navigation. `file` lies directly in
    `package` and exports `open(root, store, route)` as the dashboard's own views do.
    """

    name: str
    title: str
    package: str
    file: str

    @property
    def document(self) -> Mapping[str, str]:
        """What the page learns of it, from `views` of GET /status; `module` is its address."""
        module = f"/dashboard/parts/{self.name}/{self.file}"
        return {"name": self.name, "title": self.title, "module": module}
