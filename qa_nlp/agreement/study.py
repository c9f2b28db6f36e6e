"""The agreement study: whether this machine can be trusted, on which criterion, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.agreement.answers import four_answers
from qa_nlp.agreement.estimates import ROUNDS, Estimate
from qa_nlp.agreement.join import join
from qa_nlp.agreement.material import MEAN, Material
from qa_nlp.agreement.parts.criterion import criterion_part
from qa_nlp.agreement.parts.disagreement import disagreements
from qa_nlp.agreement.parts.drift import drift_rows
from qa_nlp.agreement.parts.fairness import fairness_rows
from qa_nlp.agreement.parts.flip import flip_part
from qa_nlp.agreement.parts.length import length_rows
from qa_nlp.agreement.parts.rater import rater_rows
from qa_nlp.agreement.parts.review import review_part
from qa_nlp.agreement.parts.total import section_rows, total_figures, totals_of
from qa_nlp.agreement.plain_tables import cards_of_table
from qa_nlp.agreement.study_data import data_part, missing_parts, rubric_of, sections_of
from qa_nlp.agreement.study_display import study_html, study_text
from qa_nlp.agreement.study_files import (
    as_json,
    check_gate,
    find_figure,
    without_text,
    write_study_tables,
)
from qa_nlp.agreement.study_groups import clusters_of, groups_of, periods_of
from qa_nlp.agreement.verdicts.rules import Rules
from qa_nlp.agreement.verdicts.verdict import Verdict
from qa_nlp.display.formats import spoken
from qa_nlp.errors import GradesError
from qa_nlp.grades import read_grades
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Scorecard
from qa_nlp.transcript import Transcript
from qa_nlp.user_files import replacing

if TYPE_CHECKING:
    from qa_nlp.agreement.comparison import Comparison

__all__ = ["STUDY_FORMAT", "AgreementStudy"]

STUDY_FORMAT: Final = 1
"""Version of the form of `AgreementStudy.to_dict`."""


class AgreementStudy:
    """Compare the machine's grades with people's.

    Grades of conversations that the machine has learnt from are replaced by its out-of-fold grades.
    Everything is computed when the study is made, with one set of resamples of whole clusters.

    Parameters
    ----------
    cards : iterable of Scorecard
        The machine's scorecards.
    grades : Grades or anything `read_grades` takes
        Human grades; several raters for one conversation are welcome.
    by : sequence of str, default ()
        What to group by: metadata keys such as ``"team"``, ``"agent_id"`` or ``"queue"``,
        ``"language"``, ``"channel"``, ``"length"``, or a period (``"month"``, ``"week"``,
        ``"day"``).
    reference : str, default "mean"
        What the machine is compared with: ``"mean"`` of the people who graded an item, ``"each"``
        of them, or one rater's name.
    transcripts : iterable of Transcript, optional
        For the words in the list of disagreements.
    counterfactuals : Counterfactuals or mapping, optional
        What `Scorer.counterfactuals` gave.
    rubric : str, path or Rubric, optional
        For names and sections; default: the shipped rubric that the scorecards name, if any.
    cluster : str, default "group_id"
        What is resampled as one: ``"group_id"``, or a metadata key such as ``"agent_id"``.
    rules : Rules, optional
        Thresholds of the verdicts.
    rounds : int, default 1000
        Resamples.
    title : str, default "Agreement study"
        Of the report.

    Raises
    ------
    GradesError
        When nothing can be compared, or a group, cluster or reference is unknown.

    Examples
    --------
    >>> rows = [(f"c{n}", "tone", rater, n % 3) for n in range(30) for rater in ("Ana", "Ben")]
    >>> machine = [(f"c{n}", "tone", None, n % 3) for n in range(30)]
    >>> from qa_nlp.grades import Grades
    >>> study = AgreementStudy.from_tables(Grades.from_rows(machine), Grades.from_rows(rows))
    >>> study.figure("quadratic_kappa", "tone").value
    1.0
    """

    def __init__(
        self,
        cards: Iterable[Scorecard],
        grades: Any,
        by: Sequence[str] = (),
        *,
        reference: str = MEAN,
        transcripts: Iterable[Transcript] | None = None,
        counterfactuals: Any = None,
        rubric: str | Path | Rubric | None = None,
        cluster: str = "group_id",
        rules: Rules | None = None,
        rounds: int = ROUNDS,
        title: str = "Agreement study",
    ) -> None:
        if isinstance(by, str):
            by = (by,)
        if rounds < 100:
            raise GradesError(f"rounds is {rounds}; give at least 100 resamples")
        rules = rules or Rules()
        cards = tuple(cards)
        grades = read_grades(grades)
        joined = join(cards, grades)
        clusters = clusters_of(joined.cards, joined.graded.tolist(), cluster)
        self._material = Material.of(joined, reference, clusters, rounds, rules.level)
        self._study: dict[str, Any] = {
            "format": STUDY_FORMAT,
            "title": title,
            "made_with": _made_with(),
            "options": {
                "reference": reference,
                "by": list(by),
                "cluster": cluster,
                "rounds": rounds,
                "level": rules.level,
                "rules": rules.to_dict(),
            },
        }
        form = rubric_of(rubric, joined.cards[0])
        words = None if transcripts is None else {one.id: one for one in transcripts}
        graded = len(set(grades.transcript_ids))
        self._compute((len(cards), graded), by, form, words, counterfactuals, rules)

    def _compute(
        self,
        given: tuple[int, int],
        by: Sequence[str],
        rubric: Rubric | None,
        transcripts: Mapping[str, Transcript] | None,
        counterfactuals: Any,
        rules: Rules,
    ) -> None:
        material, study = self._material, self._study
        joined = material.joined
        first = joined.cards[0]
        groups = groups_of(joined.cards, by)
        study["rubric"] = {"name": first.rubric, "version": first.rubric_version}
        study["data"] = data_part(material, *given, groups)
        sections = {} if rubric is None else sections_of(rubric)
        asked = {} if rubric is None else {one.id: one.question for one in rubric.criteria}
        of_section = {name: section for section, own in sections.items() for name in own}
        study["criteria"] = []
        for name, compared in material.compared.items():
            part = criterion_part(material, compared, groups, rules)
            part |= {"name": spoken(name), "question": asked.get(name)}
            part["section"] = of_section.get(name)
            part["disagreements"] = disagreements(joined, compared, transcripts or {})
            study["criteria"].append(part)
        totals = totals_of(material)
        study["sections"] = section_rows(material, sections)
        study["total"] = total_figures(material, totals)
        study["raters"] = rater_rows(material)
        study["drift"] = drift_rows(material, periods_of(joined.cards))
        study["length"] = length_rows(material)
        study["fairness"] = fairness_rows(material, groups)
        study["counterfactuals"] = flip_part(
            counterfactuals, material.bootstrap.rounds, rules.level
        )
        study["review"] = review_part(material, totals)
        study["missing"] = missing_parts(
            study, rubric is not None, transcripts is not None, bool(by)
        )
        study["answers"] = four_answers(study)

    @classmethod
    def from_tables(
        cls,
        machine: Any,
        human: Any,
        levels: Any = None,
        *,
        metadata: Any = None,
        **options: Any,
    ) -> AgreementStudy:
        """Compare two plain tables of grades, of whatever origin.

        Parameters
        ----------
        machine : Grades or anything `read_grades` takes
            The machine's grades, one for each transcript and criterion.
        human : Grades or anything `read_grades` takes
            People's.
        levels : mapping or sequence, optional
            The levels, worst first: ids, or a mapping of ids to values; for all criteria, or in a
            mapping of criterion to one of these. Default: the numbers that occur.
        metadata : table, optional
            One row for each transcript: ``transcript_id``, and what to group by; ``group_id`` and
            ``started_at`` are understood.
        **options
            As `AgreementStudy` takes them, such as ``by``, ``reference`` and ``rules``.

        Returns
        -------
        AgreementStudy
            Without what hangs on chances, evidence and transcripts.

        Raises
        ------
        GradesError
            When a level is unknown, a grade stands twice, or nothing can be compared.
        """
        human = read_grades(human)
        cards = cards_of_table(read_grades(machine), human, levels, metadata)
        return cls(cards, human, **options)

    @classmethod
    def compare(cls, a: AgreementStudy, b: AgreementStudy) -> Comparison:
        """Set two machines side by side on the same human grades.

        Parameters
        ----------
        a, b : AgreementStudy
            Say, before and after calibration; of the same grades and reference.

        Returns
        -------
        Comparison
            Differences of figures, b minus a, with paired intervals.

        Raises
        ------
        GradesError
            When they have no criterion or no conversation in common.
        """
        from qa_nlp.agreement.comparison import compare

        return compare(a._material, b._material)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each criterion."""
        return {one["criterion"]: one["verdict"] for one in self._study["criteria"]}

    def figure(self, name: str, criterion: str, part: str = "machine_human") -> Estimate:
        """Give one figure of a criterion.

        Parameters
        ----------
        name : str
            Such as ``"quadratic_kappa"`` or ``"pearson"``.
        criterion : str
            Its id.
        part : {"machine_human", "human_human", "degradation"}, default "machine_human"
            Whose agreement.

        Returns
        -------
        Estimate
            With its interval.

        Raises
        ------
        GradesError
            When there is no such criterion, part or figure.
        """
        return find_figure(self._study, name, criterion, part)

    def to_dict(self, include_text: bool = True) -> dict[str, Any]:
        """Give the whole study as plain JSON-ready values.

        Parameters
        ----------
        include_text : bool, default True
            Whether disagreements hold quotes, notes and passages of conversations.

        Returns
        -------
        dict
            Numbers to 4 decimals, None where undefined, with the reason beside it.
        """
        found: dict[str, Any] = as_json(self._study)
        return found if include_text else without_text(found)

    def failed_gates(self, gates: Iterable[str]) -> list[str]:
        """Test lower ends of intervals, as a pipeline does.

        Parameters
        ----------
        gates : iterable of str
            Such as ``"qwk=0.6"`` or ``"empathy.exact=0.5"``: the figure of every criterion, or of
            one, must have a lower end of at least that.

        Returns
        -------
        list of str
            One sentence for each that fails; empty where all hold.

        Raises
        ------
        GradesError
            When a gate cannot be read.
        """
        return [line for gate in gates for line in check_gate(self._study, gate)]

    def write_html(self, path: str | Path, include_text: bool = True) -> Path:
        """Write the report as one self-contained page.

        Parameters
        ----------
        path : str or path
            Where to.
        include_text : bool, default True
            Whether quotes and passages of transcripts are shown.

        Returns
        -------
        pathlib.Path
            The same.

        Raises
        ------
        MissingExtraError
            When the extra ``report`` is not installed.
        """
        from qa_nlp.agreement.report import report_html

        return self._write(path, report_html(self.to_dict(include_text), include_text))

    def write_json(self, path: str | Path, include_text: bool = True) -> Path:
        """Write `to_dict` as JSON.

        Parameters
        ----------
        path : str or path
            Where to.
        include_text : bool, default True
            As `to_dict` takes it.

        Returns
        -------
        pathlib.Path
            The same.
        """
        import json

        text = json.dumps(self.to_dict(include_text), ensure_ascii=False, indent=1, allow_nan=False)
        return self._write(path, text + "\n")

    def write_tables(self, folder: str | Path, include_text: bool = True) -> list[Path]:
        """Write every table as CSV.

        Parameters
        ----------
        folder : str or path
            Made where it is missing; files of the same names are replaced.
        include_text : bool, default True
            As `to_dict` takes it.

        Returns
        -------
        list of pathlib.Path
            The files.
        """
        return write_study_tables(self.to_dict(include_text), Path(folder))

    def _write(self, path: str | Path, text: str) -> Path:
        path = Path(path)
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return study_text(self._study)

    def _repr_html_(self) -> str:
        return study_html(self._study)


def _made_with() -> str:
    import qa_nlp

    return f"qa_nlp {qa_nlp.__version__}"
