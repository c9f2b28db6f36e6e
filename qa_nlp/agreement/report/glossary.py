"""How the figures of an agreement report are made: one plain sentence each, with its source."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["GLOSSARY", "NAMES", "Explained"]


class Explained(NamedTuple):
    """A figure: the words for it, what it says, and its source."""

    name: str
    sentence: str
    source: str


_WILLIAMSON: Final = (
    "Williamson, Xi and Breyer, 2012, A Framework for Evaluation and Use of Automated Scoring"
)
_COHEN: Final = "Cohen, 1968, Weighted kappa"
_SHROUT: Final = (
    "Shrout and Fleiss, 1979, Intraclass correlations: uses in assessing rater reliability"
)
_GROUPS: Final = (
    "Loukina, Madnani and Zechner, 2019, The many dimensions of algorithmic fairness in "
    "educational applications"
)
_OWN: Final = "As defined here"

GLOSSARY: Final[dict[str, Explained]] = {
    "exact": Explained(
        "Exact agreement",
        "Share of conversations on which both gave the same level.",
        _WILLIAMSON,
    ),
    "adjacent": Explained(
        "Adjacent agreement",
        "Share of conversations on which the two levels are the same or neighbours.",
        _WILLIAMSON,
    ),
    "quadratic_kappa": Explained(
        "Quadratic kappa",
        "Agreement beyond what chance would give, where a gap of two levels counts four times as "
        "much as a gap of one; 1 is perfect, 0 is chance.",
        _COHEN,
    ),
    "linear_kappa": Explained(
        "Linear kappa",
        "Agreement beyond chance, where a gap counts by the number of levels it spans.",
        _COHEN,
    ),
    "cohen_kappa": Explained(
        "Cohen's kappa",
        "Exact agreement beyond what chance would give.",
        "Cohen, 1960, A coefficient of agreement for nominal scales",
    ),
    "krippendorff_alpha": Explained(
        "Krippendorff's alpha",
        "One minus the disagreement found over that expected by chance, for any number of raters "
        "and with grades missing.",
        "Krippendorff, 2011, Computing Krippendorff's Alpha-Reliability",
    ),
    "gwet_ac1": Explained(
        "Gwet's AC1",
        "Exact agreement beyond chance, which stays steady where nearly all grades are the same.",
        "Gwet, 2008, Computing inter-rater reliability and its variance in the presence of high "
        "agreement",
    ),
    "gwet_ac2": Explained(
        "Gwet's AC2",
        "As AC1, where neighbouring levels count as partly agreed.",
        "Gwet, 2014, Handbook of Inter-Rater Reliability",
    ),
    "icc_1": Explained(
        "Intraclass correlation, one rater",
        "Share of the differences between grades that comes from the conversations rather than "
        "from who graded them, for a single rater.",
        _SHROUT,
    ),
    "icc_2k": Explained(
        "Intraclass correlation, mean of raters",
        "The same for the mean of all raters of a conversation.",
        _SHROUT,
    ),
    "pearson": Explained(
        "Pearson correlation",
        "How nearly the two rise and fall along a straight line; 1 is perfect, 0 is not at all.",
        "Pearson, 1895, Note on regression and inheritance in the case of two parents",
    ),
    "spearman": Explained(
        "Spearman correlation",
        "How nearly both put the conversations in the same order.",
        "Spearman, 1904, The proof and measurement of association between two things",
    ),
    "mean_absolute_error": Explained(
        "Mean absolute error",
        "Mean distance between the machine's expected value and the human one, in values of the "
        "levels.",
        "Willmott and Matsuura, 2005, Advantages of the mean absolute error over the root mean "
        "square error",
    ),
    "root_mean_squared_error": Explained(
        "Root mean squared error",
        "The same with large distances counting for more.",
        "Willmott and Matsuura, 2005, as above",
    ),
    "standardised_mean_difference": Explained(
        "Standardised mean difference",
        "How much higher the machine grades than people on the whole, in standard deviations of "
        "people's grades; below 0 it is stricter.",
        _WILLIAMSON,
    ),
    "difference_of_standardised_means": Explained(
        "Difference of standardised means",
        "How much higher the machine places a group than people place it, in standard deviations "
        "of all conversations.",
        "Madnani and Loukina, 2016, RSMTool: A collection of tools for building and evaluating "
        "automated scoring models",
    ),
    "prmse": Explained(
        "PRMSE",
        "Share of the differences in true grades, freed from the noise of raters, that the machine "
        "predicts; below 0 it does worse than always giving the mean, above 1 the noise is badly "
        "known.",
        "Loukina, Madnani, Cahill and others, 2020, Using PRMSE to evaluate automated scoring "
        "systems in the presence of label noise",
    ),
    "disattenuated_correlation": Explained(
        "Correlation with true grades",
        "The correlation of machine and people, divided by what the noise of raters takes from it; "
        "above 1 that noise is badly known.",
        "Spearman, 1904, as above",
    ),
    "degradation": Explained(
        "Degradation",
        "Agreement of the machine with single people minus that of two people; below 0 the machine "
        "agrees less well.",
        _WILLIAMSON,
    ),
    "ceilings": Explained(
        "Ceilings of kappa",
        "The best quadratic kappa that can be reached against raters as reliable as these: by a "
        "machine that knows the true grade, and by one as noisy as a person.",
        "Uto, 2026, Has automated essay scoring reached sufficient accuracy?",
    ),
    "interval": Explained(
        "Interval",
        "A range made so that most such ranges, one from each of many studies, hold the figure of "
        "endlessly many conversations; percentiles of resamples of whole groups of conversations, "
        "expanded where groups are few. Where nothing varies it has no width, which promises "
        "nothing.",
        "Efron and Tibshirani, 1993, An Introduction to the Bootstrap; Field and Welsh, 2007, "
        "Bootstrapping clustered data; Hesterberg, 2015, What Teachers Should Know About the "
        "Bootstrap; shares of 0 and 1: Wilson, 1927, Probable inference",
    ),
    "reliability": Explained(
        "Reliability curve",
        "How often the machine is right when it says that it is, say, 80 % sure.",
        "Murphy and Winkler, 1977, Reliability of subjective probability forecasts of "
        "precipitation and temperature",
    ),
    "calibration_error": Explained(
        "Calibration error",
        "Mean distance between how sure the machine says it is and how often it is right; of few "
        "grades above 0 for any machine.",
        "Naeini, Cooper and Hauskrecht, 2015, Obtaining well calibrated probabilities using "
        "Bayesian binning",
    ),
    "selective": Explained(
        "Coverage and agreement",
        "Exact agreement on the grades that the machine keeps, when it hands those it is least "
        "sure of to a person.",
        "Geifman and El-Yaniv, 2017, Selective classification for deep neural networks",
    ),
    "lift": Explained(
        "Lift",
        "How many times more poor conversations are found among those the machine grades worst "
        "than in a random sample of the same size.",
        _OWN,
    ),
    "failures": Explained(
        "Failures found and rightly called",
        "Of the failures that people saw, the share that the machine saw too (recall); of those "
        "the machine saw, the share that people saw too (precision).",
        "van Rijsbergen, 1979, Information Retrieval",
    ),
    "applicability": Explained(
        "Agreement on what applies",
        "Whether machine and people agree that a criterion does not apply; such grades stay out of "
        "all other figures.",
        _OWN,
    ),
    "severity": Explained(
        "Severity",
        "How much stricter a rater grades than colleagues do on the same conversations, in levels; "
        "above 0 is stricter.",
        _OWN,
    ),
    "consistency": Explained(
        "Consistency",
        "Correlation of a rater's grades with the mean of colleagues, whatever the severity.",
        _OWN,
    ),
    "agreement": Explained(
        "Quadratic kappa with the rest",
        "Agreement of a rater's grades with the mean of colleagues, which severity lowers; levels "
        "of all criteria run from 0, the worst, to 1, the best.",
        "Haberman, 2019, Measures of agreement versus measures of prediction accuracy",
    ),
    "accuracy": Explained(
        "Accuracy by group",
        "Share of the differences in size of the machine's errors that membership of a group "
        "explains.",
        _GROUPS,
    ),
    "difference": Explained(
        "Difference by group",
        "Share of the differences between the machine's errors, upwards or downwards, that "
        "membership of a group explains.",
        _GROUPS,
    ),
    "conditional": Explained(
        "Difference at equal human grades",
        "The same among conversations to which people gave the same grade.",
        _GROUPS,
    ),
    "holm": Explained(
        "Adjusted p",
        "Probability of so great a difference where there is none, raised for the number of groups "
        "judged on the same criterion, not for the number of criteria.",
        "Holm, 1979, A simple sequentially rejective multiple test procedure",
    ),
    "length": Explained(
        "Correlation, length held equal",
        "How nearly machine and people rise and fall together among conversations of the same "
        "number of words.",
        "Fisher, 1924, The distribution of the partial correlation coefficient",
    ),
    "flip_rate": Explained(
        "Flip rate",
        "Share of changed conversations whose grade changes when a name, a spelling or a gendered "
        "word is exchanged for another.",
        "Garg, Perot, Limtiaco and others, 2019, Counterfactual fairness in text classification "
        "through robustness",
    ),
    "out_of_fold": Explained(
        "Out-of-fold grade",
        "The grade by a model that had seen no human grade of the same conversation; of what the "
        "machine has learnt from, only such grades enter the figures.",
        "Stone, 1974, Cross-validatory choice and assessment of statistical predictions",
    ),
}
"""Each figure by its key in the study, in the order of the report."""

NAMES: Final = {key: explained.name for key, explained in GLOSSARY.items()}
"""Words for the keys of a study."""
