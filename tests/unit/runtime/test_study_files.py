import io
import zipfile

import pytest

from mug.runtime import browser_part, study_zip


def test_that_the_browser_part_is_our_browser_safe_packages_only() -> None:
    part = browser_part()
    assert {
        "mug/__init__.py",
        "mug/ids.py",
        "mug/errors.py",
        "mug/play/__init__.py",
        "mug/rendering/__init__.py",
    } <= set(part)
    assert all(name.startswith(("mug/play/", "mug/rendering/")) or name.count("/") == 1 for name in part)


def test_that_the_same_files_give_the_same_zip_in_any_order() -> None:
    one = study_zip({"b.py": b"b", "a/c.py": b"c"})
    other = study_zip({"a/c.py": b"c", "b.py": b"b"})
    assert one == other
    assert study_zip({"b.py": b"B", "a/c.py": b"c"})[0] != one[0]
    with zipfile.ZipFile(io.BytesIO(one[1])) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a/c.py": b"c", "b.py": b"b"}


@pytest.mark.parametrize("name", ["../x.py", "/x.py", "a/../../x.py", "a\\b.py", "", "./x.py", "a//b.py"])
def test_that_a_name_that_leads_out_of_the_zip_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a file of a study"):
        study_zip({name: b""})
