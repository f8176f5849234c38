"""The settings of a whole experiment, in the chain API."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from mug.configurations.configuration_constants import Given, NotProvided
from mug.configurations.treatment import Treatment, built_arms, checked_treatments
from mug.ids import check_id
from mug.scenes.stager import Stager
from mug.scenes.values import Building, given_values, split_fields
from mug.study.catalog import sections
from mug.study.model import Study

__all__ = ["ExperimentConfig"]


class ExperimentConfig:
    """An experiment: its scenes, where it is served, who may take part. Give it to ``mug.server.app.run``."""

    def __init__(self) -> None:
        self._stager: Stager | None = None
        self._study: dict[str, Any] = {}
        self._sections: dict[str, dict[str, Any]] = {}
        self._treatments: tuple[Treatment, ...] = ()
        self._unknown: dict[str, dict[str, Any]] = {}

    def experiment(
        self,
        stager: Given[Stager] = NotProvided,
        experiment_id: Given[str] = NotProvided,
        save_experiment_data: Given[bool] = NotProvided,
        title: Given[str | None] = NotProvided,
    ) -> Self:
        """Say what the experiment consists of.

        Args:
            stager: Its scenes.
            experiment_id: Names its data folder and exports. Letters, digits, ``-``, ``_``, ``.``.
            save_experiment_data: False: sessions are kept in a temporary folder.
            title: Its name for people.

        Raises:
            ValueError: For an id that is not allowed.
        """
        if stager is not NotProvided:
            if not isinstance(stager, Stager):
                raise TypeError(f"experiment(stager=…) is {stager!r}; it must be a Stager")
            self._stager = stager
        if experiment_id is not NotProvided:
            if not isinstance(experiment_id, str):
                raise TypeError(f"experiment(experiment_id=…) is {experiment_id!r}; it must be a text")
            check_id(experiment_id, "experiment_id")
        self._study.update(
            given_values(
                "experiment",
                Study,
                {"id": experiment_id, "save_experiment_data": save_experiment_data, "title": title},
            )
        )
        return self

    def hosting(
        self,
        host: Given[str | None] = NotProvided,
        port: Given[int] = NotProvided,
        max_ping: Given[int] = NotProvided,
    ) -> Self:
        """Say where the experiment is served.

        Args:
            host: Address to listen on; None: this machine only.
            port: TCP port; 0: any free one.
            max_ping: Participants with a larger ping (ms) are not admitted.
        """
        return self._give_section("hosting", "hosting", host=host, port=port, max_ping=max_ping)

    def static_files(self, directories: str | Path | Sequence[str | Path]) -> Self:
        """Say which folders participants' pages may load files from; nothing outside them is served."""
        listed = [directories] if isinstance(directories, str | Path) else directories
        given = given_values("static_files", Study, {"static_files": listed})
        self._study["static_files"] = given["static_files"]
        return self

    def webrtc(
        self,
        turn_username: Given[str | None] = NotProvided,
        turn_credential: Given[str | None] = NotProvided,
        force_relay: Given[bool] = NotProvided,
        ice_servers: Given[Sequence[Mapping[str, Any]] | None] = NotProvided,
    ) -> Self:
        """Say how partners' browsers are joined.

        Args:
            turn_username: Not given: the environment variable ``TURN_USERNAME``.
            turn_credential: Not given: the environment variable ``TURN_CREDENTIAL``.
            force_relay: Never connect partners directly.
            ice_servers: STUN and TURN servers, as the browser's RTCIceServer.
        """
        return self._give_section(
            "webrtc",
            "webrtc",
            turn_username=turn_username,
            turn_credential=turn_credential,
            force_relay=force_relay,
            ice_servers=ice_servers,
        )

    def entry_screening(
        self,
        device_exclusion: Given[str | None] = NotProvided,
        browser_requirements: Given[Sequence[str] | None] = NotProvided,
        browser_blocklist: Given[Sequence[str] | None] = NotProvided,
        max_ping: Given[int | None] = NotProvided,
        min_ping_measurements: Given[int] = NotProvided,
        exclusion_messages: Given[Mapping[str, str] | None] = NotProvided,
        entry_callback: Given[Callable[..., Any] | str | None] = NotProvided,
        requirements: Given[Sequence[str] | None] = NotProvided,
        min_viewport_width: Given[int | None] = NotProvided,
        min_viewport_height: Given[int | None] = NotProvided,
    ) -> Self:
        """Say who may take part.

        Args:
            device_exclusion: None, "mobile" or "desktop".
            browser_requirements: Only these browsers, as ``"firefox"`` or ``"firefox>=100"``.
            browser_blocklist: Not these browsers.
            max_ping: Largest ping in ms.
            min_ping_measurements: How many measurements it is judged by.
            exclusion_messages: What an excluded participant reads, by reason: mobile, desktop, browser, ping,
                webassembly, webgl, viewport, callback.
            entry_callback: Gets the participant's context, returns ``{"exclude": bool, "message": str}``.
            requirements: What the browser must be able to do: "webgl", "webassembly".
            min_viewport_width: Smallest width of the window in pixels.
            min_viewport_height: Smallest height of the window in pixels.
        """
        return self._give_section(
            "entry_screening",
            "screening",
            device_exclusion=device_exclusion,
            browser_requirements=browser_requirements,
            browser_blocklist=browser_blocklist,
            max_ping=max_ping,
            min_ping_measurements=min_ping_measurements,
            exclusion_messages=exclusion_messages,
            entry_callback=entry_callback,
            requirements=requirements,
            min_viewport_width=min_viewport_width,
            min_viewport_height=min_viewport_height,
        )

    def endings(
        self,
        complete_code: Given[str | None] = NotProvided,
        screened_out_code: Given[str | None] = NotProvided,
        partner_left_code: Given[str | None] = NotProvided,
        technical_code: Given[str | None] = NotProvided,
        complete_url: Given[str | None] = NotProvided,
        screened_out_url: Given[str | None] = NotProvided,
        partner_left_url: Given[str | None] = NotProvided,
        technical_url: Given[str | None] = NotProvided,
        redirect_after_s: Given[int | None] = NotProvided,
    ) -> Self:
        """Say what participants get when their participation is over.

        An address may hold ``{code}``, ``{subject_id}``, ``{session_id}``, ``{outcome}`` and any parameter of the
        address with which the participant came, as ``{PROLIFIC_PID}``.

        Args:
            complete_code: Code of who came to the end; None: a fresh one for each participant.
            screened_out_code: Code of who is turned away or excluded.
            partner_left_code: Code of who found no partner, or lost them.
            technical_code: Code of who could not go on.
            complete_url: Where who came to the end goes on.
            screened_out_url: Where who is turned away or excluded goes on.
            partner_left_url: Where who found no partner, or lost them, goes on.
            technical_url: Where who could not go on is sent.
            redirect_after_s: The page goes there by itself so long after everything is saved; None: by its button only.
        """
        return self._give_section(
            "endings",
            "endings",
            complete_code=complete_code,
            screened_out_code=screened_out_code,
            partner_left_code=partner_left_code,
            technical_code=technical_code,
            complete_url=complete_url,
            screened_out_url=screened_out_url,
            partner_left_url=partner_left_url,
            technical_url=technical_url,
            redirect_after_s=redirect_after_s,
        )

    def treatments(
        self,
        arms: Given[Sequence[Treatment]] = NotProvided,
        per: Given[str] = NotProvided,
        allocation: Given[str] = NotProvided,
        blind: Given[bool] = NotProvided,
    ) -> Self:
        """Say which conditions are compared between participants, and how people come into them.

        Args:
            arms: The treatments; each is a ``mug.configurations.treatment.Treatment``.
            per: "participant": each has a treatment of their own from the first scene on, and plays only with people
                of the same one. "group": it is drawn when a group forms, and the group keeps it to the end.
            allocation: "balanced": the next place goes to the treatment that has the fewest completed and running
                ones for its weight, equal ones are drawn. "random": each is drawn by the weights alone.
            blind: Whoever runs the session sees letters in the place of names.

        Raises:
            ValueError: For a value that is not allowed, or two treatments of one name.
            TypeError: For a value of a wrong type.
        """
        if arms is not NotProvided:
            self._treatments = checked_treatments(arms)
        return self._give_section("treatments", "treatments", per=per, allocation=allocation, blind=blind)

    def study_fields(self, fields: Mapping[str, Any], section: str | None = None) -> Self:
        """Set fields by the names that they have in a study file, as ``layout``, the places of the editor's cards.

        Fields that this version of MUG does not know are kept as they are, as those of a file that a newer one wrote.

        Args:
            fields: Name → value.
            section: The part of the study that they belong to: "hosting", "webrtc", "screening", "endings" or
                "treatments"; not given: the study itself.

        Raises:
            ValueError: For a value that a field does not allow, or when there is no such section.
            TypeError: For a value of a type that it does not allow.
        """
        known, unknown = split_fields("study_fields", Study, section, fields)
        if isinstance(known.get("id"), str):
            check_id(known["id"], "id")
        (self._study if section is None else self._sections.setdefault(section, {})).update(known)
        self._unknown.setdefault(section or "", {}).update(unknown)
        return self

    def _give_section(self, method: str, section: str, **given: Any) -> Self:
        """Set fields of one of the study's sections."""
        struct = sections(Study)[section]
        self._sections.setdefault(section, {}).update(given_values(method, struct, given))
        return self

    def build(self, script: str, folder: Path) -> tuple[Study, dict[str, Any], dict[str, str]]:
        """Return the study, the Python objects that it refers to, and modules written for the browser.

        Args:
            script: Name of the script, as references write it.
            folder: The study's folder.

        Raises:
            ValueError: When the stager or the experiment id is missing.
        """
        if self._stager is None:
            raise ValueError("the experiment has no scenes: call .experiment(stager=…, experiment_id=…) on the config")
        if "id" not in self._study:
            raise ValueError("the experiment has no id: call .experiment(experiment_id=…) on the config")
        building = Building(script, folder)
        chain = self._stager.build_chain(building)
        if self._treatments:
            self._sections.setdefault("treatments", {})["arms"] = built_arms(self._treatments, chain, building)
        settings: dict[str, Any] = {
            name: struct(
                **building.section(struct, self._sections.get(name, {}), name),
                extra=dict(self._unknown.get(name, {})),
            )
            for name, struct in sections(Study).items()
        }
        study = Study(
            **self._study,
            **settings,
            chain=chain,
            extra=dict(self._unknown.get("", {})),
        )
        return study, building.callables, building.generated
