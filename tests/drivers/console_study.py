"""Studies for tests of what the experimenter does to people: pages without Python, and small games."""

from pathlib import Path

__all__ = ["write_pages_study"]

PAGES = """\
format = 1
id = "pages"
title = "A study of pages"

[endings]
screened_out_code = "CODE-EXCLUDED"
complete_code = "CODE-COMPLETE"
technical_code = "CODE-TECHNICAL"

[[chain]]
kind = "start_page"
scene_id = "welcome"
scene_header = "Welcome"

[[chain]]
kind = "text_box"
scene_id = "thoughts"
scene_header = "Your thoughts"
text_box_header = "What do you expect?"

[[chain]]
kind = "text_box"
scene_id = "afterwards"
scene_header = "Afterwards"
text_box_header = "What was it like?"

[[chain]]
kind = "end_page"
scene_id = "end"
scene_header = "Thank you"
"""


def write_pages_study(folder: Path) -> Path:
    """Make `folder` with a study that needs no Python: a page, two questions, an end; returns the folder."""
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(PAGES, encoding="utf-8")
    return folder
