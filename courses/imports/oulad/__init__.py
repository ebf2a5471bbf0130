"""The Open University Learning Analytics Dataset: real, anonymised presentations of courses and who took them.

J. Kuzilek, M. Hlosta, Z. Zdrahal, "Open University Learning Analytics dataset", Scientific Data 4:170171 (2017).
"""
