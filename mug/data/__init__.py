"""Reading what MUG exported into pandas: every table with the right types, missing values and nothing else as NA."""

from mug.data.reading import Export, ExportFolderError, read_array, read_export, read_manifest

__all__ = ["Export", "ExportFolderError", "read_array", "read_export", "read_manifest"]
