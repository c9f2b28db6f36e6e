"""How far machine and people agree: statistics, the study, verdicts and the report.

Nothing here needs an encoder: grades of any other system can be judged, see
`AgreementStudy.from_tables`.
"""

from qa_nlp.agreement.comparison import Comparison
from qa_nlp.agreement.estimates import Estimate
from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.agreement.verdicts.rules import Decision, Rules
from qa_nlp.agreement.verdicts.verdict import Verdict

__all__ = ["AgreementStudy", "Comparison", "Decision", "Estimate", "Rules", "Verdict"]
