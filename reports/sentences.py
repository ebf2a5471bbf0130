"""The facts of an instrument's row as sentences for whoever reads a report, the learner first of all."""

from collections.abc import Iterable
from typing import TypedDict

from reports.arithmetic import Facts

# Beside every result of a provider that is built in to show how the service works.
DEMONSTRATION = "A demonstration: the result is computed from the bytes of the sample and says nothing about anybody."


def evidence_deleted(days: int | None) -> str:
    """Empty where nothing was deleted."""
    if days is None:
        return ""
    return f"Evidence deleted after {days} day{'s' * (days != 1)}: the levels stay as they were computed from it."


class FactSentence(TypedDict):
    """A fact in each of the languages that there are texts for."""

    code: str
    en: str
    es: str
    ca: str


# code: en, es, ca
_TEXTS = {
    "POSITIVE_CONFIDENCE_HIGH": (
        "Enough of what was captured could be checked, so this result can be relied on.",
        "Se ha podido comprobar una parte suficiente de lo capturado, por lo que este resultado es fiable.",
        "S'ha pogut comprovar una part suficient del que s'ha capturat, de manera que aquest resultat és fiable.",
    ),
    "POSITIVE_LEARNER_RESULT_ABOVE_THRESHOLD": (
        "The result is on the good side of what this instrument asks for.",
        "El resultado cumple lo que exige este instrumento.",
        "El resultat compleix el que exigeix aquest instrument.",
    ),
    "POSITIVE_LEARNER_RESULT_GOOD_INSTRUMENT": (
        "The result is among the better ones that the learner has had with this instrument.",
        "El resultado está entre los mejores que el estudiante ha tenido con este instrumento.",
        "El resultat és entre els millors que l'estudiant ha tingut amb aquest instrument.",
    ),
    "POSITIVE_LEARNER_RESULT_GOOD_ACTIVITY": (
        "The result is among the better ones of all learners in this activity.",
        "El resultado está entre los mejores de todos los estudiantes de esta actividad.",
        "El resultat és entre els millors de tots els estudiants d'aquesta activitat.",
    ),
    "POSITIVE_LEARNER_RESULT_FREQUENT": (
        "The result is what is usual for this learner with this instrument.",
        "El resultado es el habitual de este estudiante con este instrumento.",
        "El resultat és l'habitual d'aquest estudiant amb aquest instrument.",
    ),
    "NEUTRAL_MISSING_INFORMATION": (
        "Nothing could be checked with this instrument yet, so it says nothing for or against anybody.",
        "Todavía no se ha podido comprobar nada con este instrumento: no dice nada a favor ni en contra de nadie.",
        "Encara no s'ha pogut comprovar res amb aquest instrument: no diu res a favor ni en contra de ningú.",
    ),
    "NEGATIVE_CONFIDENCE_LOW": (
        "Much of what was captured could not be checked, so this result is less certain.",
        "Buena parte de lo capturado no se ha podido comprobar, por lo que este resultado es menos seguro.",
        "Bona part del que s'ha capturat no s'ha pogut comprovar, de manera que aquest resultat és menys segur.",
    ),
    "NEGATIVE_LEARNER_RESULT_BELOW_THRESHOLD": (
        "The result is on the bad side of the limit from which this instrument raises an alert.",
        "El resultado supera el límite a partir del cual este instrumento da la alerta.",
        "El resultat supera el límit a partir del qual aquest instrument dona l'alerta.",
    ),
    "NEGATIVE_LEARNER_RESULT_BAD_INSTRUMENT": (
        "The result is worse than most that the learner has had with this instrument.",
        "El resultado es peor que la mayoría de los que el estudiante ha tenido con este instrumento.",
        "El resultat és pitjor que la majoria dels que l'estudiant ha tingut amb aquest instrument.",
    ),
    "NEGATIVE_LEARNER_RESULT_BAD_ACTIVITY": (
        "The result is worse than most results of the learners in this activity.",
        "El resultado es peor que la mayoría de los resultados de los estudiantes de esta actividad.",
        "El resultat és pitjor que la majoria dels resultats dels estudiants d'aquesta activitat.",
    ),
    "NEGATIVE_WITH_ALERTS": (
        "While the learner worked on the activity, something unusual was noticed.",
        "Mientras el estudiante trabajaba en la actividad se observó algo inusual.",
        "Mentre l'estudiant treballava en l'activitat es va observar alguna cosa inusual.",
    ),
    # Codes of no facts, which dashboards know: of reports/obstacles.py.
    "ENDED_CONSENT_WITHDRAWN": (
        "Not everything was checked because the learner has withdrawn the consent.",
        "No se comprobó todo porque el estudiante ha retirado el consentimiento.",
        "No es va comprovar tot perquè l'estudiant ha retirat el consentiment.",
    ),
    "ENDED_CONSENT_NOT_VALID": (
        "Not everything was checked because the learner's consent is not valid.",
        "No se comprobó todo porque el consentimiento del estudiante no es válido.",
        "No es va comprovar tot perquè el consentiment de l'estudiant no és vàlid.",
    ),
    "ENDED_INSTRUMENT_NOT_USED": (
        "Not everything was checked because the instrument is not used any more for this learner in this activity.",
        "No se comprobó todo porque el instrumento ya no se usa para este estudiante en esta actividad.",
        "No es va comprovar tot perquè l'instrument ja no s'usa per a aquest estudiant en aquesta activitat.",
    ),
    "ENDED_ENROLMENT_ERASED": (
        "Not everything was checked because the learner's enrolment was erased.",
        "No se comprobó todo porque se borró la inscripción del estudiante.",
        "No es va comprovar tot perquè es va esborrar la inscripció de l'estudiant.",
    ),
}


def fact_sentences(facts: Facts, ended: Iterable[str] = ()) -> list[FactSentence]:
    """A sentence for each fact, in the order positive, neutral, negative, then for the codes of `ended`."""
    codes = [*facts["positive"], *facts["neutral"], *facts["negative"], *ended]
    return [FactSentence(code=code, en=en, es=es, ca=ca) for code in codes for en, es, ca in (_TEXTS[code],)]
