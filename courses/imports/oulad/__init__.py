"""The Open University Learning Analytics Dataset (OULAD): anonymised data of real courses and their students.

J. Kuzilek, M. Hlosta, Z. Zdrahal, "Open University Learning Analytics dataset", Scientific Data 4:170171 (2017).
"""
