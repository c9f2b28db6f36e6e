"""Whether grades stay the same when only a name, a spelling or a gendered word is another.

A counterfactual transcript differs from one that was given in such words alone. A grader that looks
at what the agent did gives both the same grades; every grade that differs is a flip. See Garg et
al. 2019, "Counterfactual Fairness in Text Classification through Robustness".
"""

from __future__ import annotations

from qa_nlp.counterfactuals.study import counterfactual_table
from qa_nlp.counterfactuals.table import Counterfactuals

__all__ = ["Counterfactuals", "counterfactual_table"]
