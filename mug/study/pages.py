"""The pages of a study, and what every scene has."""

from typing import Annotated, Any, ClassVar

from mug.ids import SceneId
from mug.study.fields import about
from mug.study.settings import Section

__all__ = ["CompletionCodePage", "EndPage", "SceneNode", "StartPage", "StaticPage"]


class SceneNode(Section, frozen=True, kw_only=True, tag_field="kind"):
    """What all scenes have."""

    kind: ClassVar[str]
    """The tag, as it stands in files."""

    scene_id: Annotated[
        SceneId,
        about("Scene id", "The scene's label: in the data, and where other scenes refer to it.", shape="id"),
    ]
    should_export_metadata: Annotated[
        bool,
        about(
            "Export the settings",
            "Put this scene's settings beside its data in the export, as materials/scenes/<n>_<scene_id>.json.",
        ),
    ] = False
    experiment_config: Annotated[
        dict[str, Any], about("Own settings", "Values of the researcher's own, kept with the scene.", advanced=True)
    ] = {}
    on_connect: Annotated[
        str | None,
        about(
            "On connect",
            "Called on the server when a participant arrives at the scene.",
            shape="callable",
            advanced=True,
        ),
    ] = None
    on_client_callback: Annotated[
        str | None,
        about(
            "On client callback",
            "Called on the server when the page sends a message of the study's own.",
            shape="callable",
            advanced=True,
        ),
    ] = None


class StaticPage(SceneNode, frozen=True, kw_only=True, tag="static_page"):
    """A page to read, with a button that goes on."""

    kind: ClassVar[str] = "static_page"
    scene_header: Annotated[str | None, about("Header", "Heading of the page.", shape="html")] = None
    scene_subheader: Annotated[str | None, about("Subheader", "Second heading of the page.", shape="html")] = None
    scene_body: Annotated[
        str | None, about("Body", "HTML of the page; excludes scene_body_filepath.", shape="html")
    ] = None
    scene_body_filepath: Annotated[
        str | None, about("Body file", "HTML file with the body of the page; excludes scene_body.", shape="path")
    ] = None


class StartPage(StaticPage, frozen=True, kw_only=True, tag="start_page"):
    """The first page of a study."""

    kind: ClassVar[str] = "start_page"


class EndPage(StaticPage, frozen=True, kw_only=True, tag="end_page"):
    """The last page of a study; may send the participant on to another address."""

    kind: ClassVar[str] = "end_page"
    redirect_url: Annotated[
        str | None,
        about(
            "Redirect",
            "Address that the participant is sent to (http or https); placeholders as in `[endings]`.",
            shape="url",
        ),
    ] = None
    append_subject_id: Annotated[
        bool, about("Append the subject id", "The participant's id is put at the end of the address.")
    ] = False


class CompletionCodePage(EndPage, frozen=True, kw_only=True, tag="completion_code_page"):
    """An end page that shows the completion code: a fresh one per participant, or the study's `complete_code`."""

    kind: ClassVar[str] = "completion_code_page"
