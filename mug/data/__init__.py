"""Reading what MUG exported into pandas: every table with the right types, missing values and nothing else as NA."""

from mug.data.loading import Dataset, load
from mug.data.reading import Export, ExportFolderError, read_array, read_export, read_manifest

__all__ = ["Dataset", "Export", "ExportFolderError", "load", "read_array", "read_export", "read_manifest"]
