"""Tables in CSV files: what a row is, what spoils one, what spoils the file, and cells that are no formulas."""

import csv
import gzip
from io import StringIO

import pytest

from courses.imports import tables
from courses.imports.tables import LONGEST_LINE, Table, TableError
from kernel.batches import batched
from kernel.spreadsheets import TableWriter, formula_safe


def table_of(folder, content: bytes, name="people.csv", **values) -> Table:
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return Table(path, **values)


@pytest.mark.parametrize("name", ["people.csv", "people.csv.gz"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_rows_have_their_lines_and_the_columns_asked_for(tmp_path, name, bom):
    table = table_of(tmp_path, bom + 'uid, name ,more\r\n1,"Åsa, B.",x\n\n  \n2,"say ""so""",y'.encode(), name)
    assert table.columns == ("uid", "name", "more")
    assert [tuple(row) for row in table.rows("name", "uid")] == [
        (2, ("Åsa, B.", "1"), ""),
        (5, ('say "so"', "2"), ""),
    ]
    assert [row.line for row in table.rows()] == [2, 5]  # it can be read again


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"1", "1 cells where the first line has 2."),
        (b"1,2,3", "3 cells where the first line has 2."),
        (b"1,\xff", "The line is not UTF-8: name the file's encoding, such as windows-1252."),
        (b"1,a\x00b", "The control character U+0000 is not allowed."),
        (b"1,a\tb", "The control character U+0009 is not allowed."),
        (b"1,a\rb", "The control character U+000D is not allowed."),
        (b"1,\xc2\x85", "The control character U+0085 is not allowed."),
        (b'1,"open', "The line is no CSV: unexpected end of data."),
        (b'1,"a"b', "The line is no CSV: ',' expected after '\"'."),
        (b"1," + b"x" * LONGEST_LINE, f"The line is longer than {LONGEST_LINE:,} bytes."),
        (b"1," + b"x" * (3 * LONGEST_LINE), f"The line is longer than {LONGEST_LINE:,} bytes."),
    ],
)
def test_a_spoilt_line_is_told_and_spoils_no_other(tmp_path, line, problem):
    table = table_of(tmp_path, b"a,b\n1,2\n" + line + b"\n3,4\n")
    rows = list(table.rows("a", "b"))
    assert [(row.line, row.problem) for row in rows] == [(2, ""), (3, problem), (4, "")]
    assert [row.cells for row in rows] == [("1", "2"), (), ("3", "4")]


def test_a_row_with_a_problem_keeps_what_was_read_and_no_secret(tmp_path):
    lines = b"a,b,password,c\n", b"1,2,x,s3cret,4\n", b"1,2,s3cret,a\tb\n", b"1,2,s3cret,a\0b\n", b"1,2\n"
    rows = [*table_of(tmp_path, b"".join(lines)).all_rows()]
    assert all(row.problem for row in rows)
    assert [row.cells for row in rows] == [("1", "2"), ("1", "2", None, "a\tb"), (), ("1", "2")]


@pytest.mark.parametrize("name", ["people.csv", "people.csv.gz"])
def test_a_line_that_does_not_end_is_not_read_to_its_end(tmp_path, monkeypatch, name):
    monkeypatch.setattr(tables, "LONGEST_PASSED_OVER", 2 * LONGEST_LINE)
    endless = b"x" * 3 * LONGEST_LINE
    with pytest.raises(TableError, match="line 1: The line does not end"):
        table_of(tmp_path, endless, name)
    table = table_of(tmp_path, b"a,b\n1,2\n" + endless + b"\n3,4\n", name)
    with pytest.raises(TableError, match="line 3: The line does not end"):
        list(table.rows("a"))


def test_a_line_of_the_greatest_length_is_read(tmp_path):
    cell = b"x" * (LONGEST_LINE - 3)
    assert [row.problem for row in table_of(tmp_path, b"a,b\n1," + cell + b"\n").rows("b")] == [""]


def test_the_delimiter_that_makes_more_columns_is_taken(tmp_path):
    table = table_of(tmp_path, b"uid;name\n1;a,b\n", delimiters=(",", ";"))
    assert table.delimiter == ";"
    assert [row.cells for row in table.rows("name")] == [("a,b",)]
    assert table_of(tmp_path, b"uid\n1\n", delimiters=(",", ";")).columns == ("uid",)
    assert table_of(tmp_path, b"uid;name\n", delimiters=(",",)).columns == ("uid;name",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"a,b,a\n", "has the column a more than once"),
        (b"a,\xff\n", "line 1: The line is not UTF-8"),
        (b'a,"b\n', "line 1: The line is no CSV"),
        (b"x" * (LONGEST_LINE + 1), "line 1: The line is longer"),
    ],
)
def test_a_file_without_a_sound_first_line_is_no_table(tmp_path, content, says):
    with pytest.raises(TableError, match=says):
        table_of(tmp_path, content)


def test_missing_columns_are_named(tmp_path):
    table = table_of(tmp_path, b"a,b\n")
    table.require(["b", "a"])
    with pytest.raises(TableError, match="lacks the column c, d"):
        table.require(["a", "c", "d"])


def test_what_cannot_be_read_is_told_with_its_name(tmp_path):
    with pytest.raises(TableError, match=r"none\.csv cannot be read: No such file"):
        Table(tmp_path / "none.csv")
    (tmp_path / "plain.csv.gz").write_bytes(b"a,b\n")
    with pytest.raises(TableError, match=r"plain\.csv\.gz cannot be read: Not a gzipped file"):
        Table(tmp_path / "plain.csv.gz")
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError, match=r"cut\.csv\.gz cannot be read"):
        list(Table(tmp_path / "cut.csv.gz").rows("a"))
    (tmp_path / "broken.csv.gz").write_bytes(whole[:100] + b"\xff" * 200)
    with pytest.raises(TableError, match=r"broken\.csv\.gz cannot be read"):
        list(Table(tmp_path / "broken.csv.gz").rows("a"))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_begins_like_a_formula_is_text(cell):
    assert formula_safe(cell) == f"'{cell}"


@pytest.mark.parametrize(("cell", "text"), [("a=1", "a=1"), ("", ""), (None, ""), (12, "12"), ("'a", "'a"), ("'", "'")])
def test_other_cells_stay_as_they_are(cell, text):
    assert formula_safe(cell) == text


def test_written_tables_hold_no_formula_and_can_be_read_again():
    file = StringIO()
    writer = TableWriter(file, ("uid", "=name"), delimiter=";")
    writer.write(['a;"b"', "@x"])
    assert file.getvalue() == 'uid;\'=name\n"a;""b""";\'@x\n'
    assert list(csv.reader(StringIO(file.getvalue()), delimiter=";")) == [["uid", "'=name"], ['a;"b"', "'@x"]]


def test_values_come_in_parts_of_a_size():
    assert list(batched(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batched([], 2)) == []


@pytest.mark.parametrize("cell", ["'=1", "''=1", "'-", "'\t"])
def test_a_cell_that_looks_escaped_is_escaped_once_more(cell):
    assert formula_safe(cell) == f"'{cell}"
