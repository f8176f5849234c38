"""``dataset_description.json``: the dataset and all its columns, as Psych-DS and schema.org say it."""

from typing import Any

from mug.records.described import Described

__all__ = ["dataset_description"]


def dataset_description(described: Described) -> dict[str, Any]:
    """Return the content of ``dataset_description.json``; every column of every table is a measured variable.

    A name that several tables have stands once, with what it means in each where that differs.
    """
    measured: dict[str, dict[str, Any]] = {}
    for table, specs in described.columns.items():
        for spec in specs:
            known = measured.setdefault(
                spec.name, {"@type": "PropertyValue", "name": spec.name, "description": spec.description, "tables": []}
            )
            known["tables"].append(table)
            if spec.description not in known["description"]:
                known["description"] += f" In {table}: {spec.description}"
            if spec.unit:
                known["unitText"] = spec.unit
            if spec.levels and "levels" not in known:
                known["levels"] = list(spec.levels)
            if spec.minimum is not None:
                known["minValue"] = spec.minimum
            if spec.maximum is not None:
                known["maxValue"] = spec.maximum
    experiment, session = described.experiment_id, described.session_id
    opened = described.history.opened
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"{described.title} ({experiment}), session {session}",
        "description": f"Session {session} of the experiment {experiment}, recorded and exported by MUG.",
        "identifier": f"{experiment}/{session}",
        "keywords": ["experiment", "behaviour", *(["pilot"] if opened.pilot else [])],
        "temporalCoverage": f"{described.time(opened.at)}/{described.time(described.history.last_at)}",
        "variableMeasured": list(measured.values()),
    }
