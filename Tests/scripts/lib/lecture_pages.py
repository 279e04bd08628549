"""The pages of docs/lectures: what they are made of, and what is wrong with them."""
import pathlib
import re
import struct

import jobs

FOLDER = jobs.ROOT / "docs/lectures"
COVERAGE = jobs.ROOT.parent / "shared/reviews/deck-coverage.md"
LINES, WIDTH = 45, 140          # a screen
PICTURE_BYTES = 40_000
PARTS = ["**Look at**", "**Change**", "**Code**"]
# What a page may name in backquotes and has to be there.
NAMED = re.compile(r"`((?:Sources|Tests|configs|docs|launch)/[\w./+-]*\w)`")
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
CONFIG = re.compile(r"\bconfigs/[\w./-]+\.yaml")


class Block:
    """A fenced block: its language, first line's number, text, and the data set that it needs."""

    def __init__(self, language, line, needs):
        self.language, self.line, self.needs, self.text = language, line, needs, ""

    def commands(self):
        """The trainer's commands in it: train, look, …; what is written to a file in it is none."""
        text = re.sub(r"<<'(\w+)'\n.*?\n\1\n", "\n", self.text, flags=re.S)
        return re.findall(r"(?:^|[|;&(]\s*)(?:\w+=\S+ )*trainer ([a-z-]+)", text, re.M)


class Page:
    """One file. Topic pages begin with a number; they alone have to be a screen and to have all parts."""

    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.text = path.read_text()
        self.lines = self.text.splitlines()
        self.is_topic = re.match(r"\d\d-", self.name) is not None
        self.rows = [row for comment in re.findall(r"<!-- rows ([\d. ]+)-->", self.text) for row in comment.split()]
        self.blocks = []
        self.prose = []         # lines outside of blocks, with their numbers
        needs, block = None, None
        for number, line in enumerate(self.lines, 1):
            if block is not None:
                if line.startswith("```"):
                    block = needs = None
                else:
                    block.text += line + "\n"
            elif line.startswith("```"):
                block = Block(line[3:], number, needs)
                self.blocks.append(block)
            else:
                self.prose.append((number, line))
                found = re.fullmatch(r"<!-- needs ([a-z0-9-]+) -->", line)
                needs = found[1] if found else needs if not line else None

    def scripts(self):
        return [block for block in self.blocks if block.language == "sh"]

    def links(self):
        """Line, whether it is a picture, and target of every link."""
        return [(number, bool(mark), target) for number, line in self.prose for mark, target in LINK.findall(line)]

    def problems(self):
        """What is wrong with the page by itself, as texts."""
        yield from self.link_problems()
        for number, line in self.prose:
            for path in NAMED.findall(line):
                if not (jobs.ROOT / path).exists():
                    yield f"{number}: there is no {path}"
        for block in self.blocks:
            yield from self.block_problems(block)
        if self.is_topic:
            yield from self.topic_problems()

    def link_problems(self):
        for number, is_picture, target in self.links():
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (self.path.parent / file).resolve() if file else self.path
            if not path.exists():
                yield f"{number}: there is no {target}"
            elif is_picture and path.stat().st_size > PICTURE_BYTES and path.parent == FOLDER / "pictures":
                yield f"{number}: {target} has {path.stat().st_size:,} bytes, more than {PICTURE_BYTES:,}"
            elif is_picture and path.suffix == ".png" and size(path) is None:
                yield f"{number}: {target} is no PNG file"
            elif anchor and anchor not in anchors(path):
                yield f"{number}: {file or self.path.name} has no heading for #{anchor}"

    def block_problems(self, block):
        if not block.language:
            yield f"{block.line}: the block has no language: sh for what is run, text, yaml"
        for path in CONFIG.findall(block.text):
            if not (jobs.ROOT / path).exists():
                yield f"{block.line}: there is no {path}"
        if block.language == "yaml":
            # It shows a part of a configuration that the page names, so each of its lines is one there.
            named = [jobs.ROOT / path for path in CONFIG.findall(self.text)]
            lines = {line.strip() for path in named if path.exists() for line in path.read_text().splitlines()}
            for line in block.text.splitlines():
                if line.strip() and line.strip() not in lines:
                    yield f"{block.line}: no configuration that the page names has the line '{line.strip()}'"

    def topic_problems(self):
        if len(self.lines) > LINES:
            yield f"{len(self.lines)} lines, more than a screen of {LINES}"
        for number, line in enumerate(self.lines, 1):
            if len(line) > WIDTH and not line.startswith("<!--"):
                yield f"{number}: {len(line)} characters, more than {WIDTH}"
        if not self.rows:
            yield "no comment says which rows of the decks' coverage it is about: <!-- rows 1.7 2.3 -->"
        for part in PARTS:
            if part not in self.text:
                yield f"no {part}"
        if not self.scripts():
            yield "no sh block"
        if not any(block.language == "text" for block in self.blocks):
            yield "no text block with a formula"
        code = self.text.partition("**Code**")[2]
        if "(../../Sources/" not in code:
            yield "**Code** links to no file of Sources"


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.S | re.M)
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def size(path):
    """Width and height of a PNG file, or None."""
    head = path.read_bytes()[:24]
    return struct.unpack(">II", head[16:24]) if head[:8] == b"\x89PNG\r\n\x1a\n" else None


def all_pages():
    return [Page(path) for path in sorted(FOLDER.glob("*.md"))]


def set_problems(pages):
    """What is wrong with all pages together: the index links each of them, and every picture is used."""
    linked = {page.name: {target.partition("#")[0] for _, _, target in page.links()} for page in pages}
    for page in pages:
        if page.name != "README" and page.path.name not in linked.get("README", set()):
            yield f"README.md: no link to {page.path.name}"
    shown = set().union(*linked.values())
    for picture in sorted((FOLDER / "pictures").glob("*")):
        if f"pictures/{picture.name}" not in shown:
            yield f"pictures/{picture.name}: no page shows it"


def deck_rows():
    """The topic rows of the decks' coverage, or None where that page is not."""
    if not COVERAGE.exists():
        return None
    return re.findall(r"^\| (\d\.\d+) \|", COVERAGE.read_text(), re.M)
