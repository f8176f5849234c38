"""What a study is: frozen structs, one field per name of the researchers' vocabulary.

A section's fields carry the names of the chain methods' parameters. ``extra`` keeps fields that this version does
not know. TOML has no null, so no field has both a default other than None and None as a legal value.
"""

from typing import Annotated, Any

from mug.ids import ExperimentId
from mug.study.embedded import BuildGameSection, WebglSection
from mug.study.endings import Endings
from mug.study.fields import about
from mug.study.forms import FormPage
from mug.study.game import (
    AssetsSection,
    ContentSection,
    EnvironmentSection,
    GameplaySection,
    KeyBinding,
    MatchmakingSection,
    PoliciesSection,
    RenderingSection,
    RuntimeSection,
    WaitroomSection,
)
from mug.study.multiplayer_section import MultiplayerSection
from mug.study.nodes import (
    CompletionCodePage,
    EmbeddedBuild,
    EndPage,
    Form,
    GymGame,
    HtmlGame,
    MultipleChoiceForm,
    Node,
    OptionBoxesForm,
    RandomizeOrder,
    Repeat,
    ScalesForm,
    Scene,
    StartPage,
    StaticPage,
    TextBoxForm,
    UnityGame,
    Wrapper,
)
from mug.study.settings import EntryScreening, Hosting, Section, WebRtc
from mug.study.treatment_section import Treatments

__all__ = [
    "FORMAT",
    "AssetsSection",
    "BuildGameSection",
    "CompletionCodePage",
    "ContentSection",
    "EmbeddedBuild",
    "EndPage",
    "Endings",
    "EntryScreening",
    "EnvironmentSection",
    "Form",
    "FormPage",
    "GameplaySection",
    "GymGame",
    "Hosting",
    "HtmlGame",
    "KeyBinding",
    "MatchmakingSection",
    "MultiplayerSection",
    "MultipleChoiceForm",
    "Node",
    "OptionBoxesForm",
    "PoliciesSection",
    "RandomizeOrder",
    "RenderingSection",
    "Repeat",
    "RuntimeSection",
    "ScalesForm",
    "Scene",
    "Section",
    "StartPage",
    "StaticPage",
    "Study",
    "TextBoxForm",
    "Treatments",
    "UnityGame",
    "WaitroomSection",
    "WebRtc",
    "WebglSection",
    "Wrapper",
]

FORMAT = 1


class Study(Section, frozen=True, kw_only=True):
    """A whole experiment."""

    format: Annotated[int, about("Format", "Version of the file format.", ge=1, le=FORMAT, advanced=True)] = FORMAT
    id: Annotated[ExperimentId, about("Experiment id", "Names the study's data folder and its exports.", shape="id")]
    title: Annotated[str | None, about("Title", "Name of the study for people.")] = None
    save_experiment_data: Annotated[
        bool, about("Keep the data", "Off: sessions are kept in a temporary folder, as for a try.")
    ] = True
    hosting: Annotated[Hosting, about("Hosting", "Where the server listens.")] = Hosting()
    static_files: Annotated[
        tuple[str, ...],
        about("Served folders", "Folders whose files participants' pages may load; nothing outside them is served."),
    ] = ()
    webrtc: Annotated[WebRtc, about("WebRTC", "How partners' browsers are joined.", advanced=True)] = WebRtc()
    screening: Annotated[EntryScreening, about("Entry screening", "Who may take part.")] = EntryScreening()
    endings: Annotated[Endings, about("Endings", "Completion codes and addresses, by outcome.")] = Endings()
    treatments: Annotated[Treatments, about("Treatments", "Conditions that are compared between participants.")] = (
        Treatments()
    )
    chain: Annotated[tuple[Node, ...], about("Chain", "The scenes, in order.")] = ()
    layout: Annotated[
        dict[str, Any],
        about("Layout", "Places of the cards in the editor; not a part of the study's hash.", advanced=True),
    ] = {}
