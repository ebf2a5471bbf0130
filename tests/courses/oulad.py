"""Small files of the columns that the Open University's dataset has."""

import gzip
from pathlib import Path

COLUMNS = {
    "courses": "code_module,code_presentation,module_presentation_length",
    "assessments": "code_module,code_presentation,id_assessment,assessment_type,date,weight",
    "studentInfo": (
        "code_module,code_presentation,id_student,gender,region,highest_education,imd_band,age_band,"
        "num_of_prev_attempts,studied_credits,disability"
    ),
    "studentRegistration": "code_module,code_presentation,id_student,date_registration",
    "studentAssessment": "id_assessment,id_student,date_submitted,is_banked",
}


def student(module: str, presentation: str, number: object, disability: str = "N") -> str:
    return f"{module},{presentation},{number},M,Wales,HE Qualification,20-30%,0-35,0,60,{disability}"


# Two presentations: 11 is in both, 13 is listed without a registration; 12 is disabled, and 11 in the second one.
ROWS = {
    "courses": ["AAA,2013J,268", "BBB,2014B,234"],
    "assessments": ["AAA,2013J,1752,TMA,19,10", "AAA,2013J,1757,Exam,,100", "BBB,2014B,1800,CMA,-3.0,0"],
    "studentInfo": [
        student("AAA", "2013J", 11),
        student("AAA", "2013J", 12, "Y"),
        student("BBB", "2014B", 11, "Y"),
        student("BBB", "2014B", 13),
    ],
    "studentRegistration": ["AAA,2013J,11,-159.0", "AAA,2013J,12,", "BBB,2014B,11,3"],
    "studentAssessment": ["1752,11,18,0", "1752,12,22.0,1", "1800,11,-1,0"],
}


def write_oulad(folder: Path, rows: dict[str, list[str]] | None = None, *, packed: bool = False) -> Path:
    """All five files; those that `rows` does not name hold the sample."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        content = "".join(f"{line}\r\n" for line in [columns, *(ROWS | (rows or {}))[name]])
        content_bytes = content.encode("utf-8", "surrogateescape")
        if packed:
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(content_bytes))
        else:
            (folder / f"{name}.csv").write_bytes(content_bytes)
    return folder
