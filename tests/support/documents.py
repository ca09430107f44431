"""The pages of the repository, and what a test can read out of their tables, blocks and links."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
MADE = {"build", "dist", "node_modules", "vendor"}
"""Folders that are made here, beside those that begin with a dot."""


def pages() -> Iterator[Path]:
    """Every page of ours."""
    for path in ROOT.rglob("*.md"):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(folder.startswith(".") or folder in MADE for folder in folders):
            yield path


PAGES = sorted(pages())
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text("utf-8") for page in PAGES}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows(page: str) -> Iterator[list[str]]:
    """The cells of every row of every table."""
    for line in page.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def prose(page: str) -> str:
    """A page without its code, which may hold anything."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page))


def shell_lines(page: str) -> list[str]:
    """The commands of the blocks marked `sh`, continued lines joined."""
    blocks = "".join(body for language, body in FENCE.findall(page) if language == "sh")
    return blocks.replace("\\\n", " ").splitlines()


def blocks(language: str) -> list[str]:
    """The blocks of all pages that are marked with a language."""
    found = (block for text in TEXTS.values() for block in FENCE.findall(text))
    return [body for marked, body in found if marked == language]


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as Git hosts make them: equal ones are numbered."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE):
        found.append(re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-"))
    numbered = (f"{one}-{found[:place].count(one)}" for place, one in enumerate(found))
    return {one.removesuffix("-0") for one in numbered}


def keys_in(page: str) -> set[tuple[str, str]]:
    """Table and key of the rows that explain a key of gateway.toml, or several keys with commas between."""
    return {
        (cells[0].strip("`[]"), key.strip("`"))
        for cells in rows(page)
        if len(cells) == 4 and cells[0].startswith("`[")
        for key in cells[1].split(", ")
    }


def routes_in(page: str) -> set[tuple[str, str]]:
    """Method and path of the rows that explain a route."""
    return {
        (method, path)
        for cells in rows(page)
        for method, path in re.findall(r"^(GET|POST|PUT|PATCH|DELETE) `([^`]+)`$", cells[0])
    }


def codes_in(page: str) -> set[tuple[int, str]]:
    """Status and code of the rows that explain an error."""
    return {
        (int(cells[0]), cells[1].strip("`"))
        for cells in rows(page)
        if cells[0].isdigit() and len(cells) >= 3 and cells[1].startswith("`")
    }


def links(page: str) -> list[str]:
    """The relative links of a page; those to other hosts are left out."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    found += re.findall(r"^\[[^\]]+\]:\s*(\S+)", page, re.MULTILINE)
    return [link for link in found if not urlsplit(link).scheme]


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the target of a relative link exists, its anchor included."""
    parts = urlsplit(link)
    target = page.parent / unquote(parts.path) if parts.path else page
    if not target.exists():
        return False
    return not parts.fragment or parts.fragment in anchors(target.read_text("utf-8"))
