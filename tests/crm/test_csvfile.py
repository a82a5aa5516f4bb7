from pathlib import Path

import pytest

from crm.csvfile import BadRow, CsvFile, CsvRow, UnusableFile, listed


def read(path: Path, content: bytes, columns: str = "external_id,name,tags") -> list[CsvRow | BadRow]:
    path.write_bytes(content)
    with CsvFile(path, columns.split(","), ["external_id"]) as file:
        return list(file.rows())


@pytest.mark.parametrize(
    "content",
    [
        b"external_id,name,tags\nA,Maria,x|y\n",
        b"external_id;name;tags\r\nA;Maria;x|y\r\n",
        b"\xef\xbb\xbfexternal_id,name,tags\nA,Maria,x|y",
        b"Tags, NAME ,External_ID\nx|y,Maria,A\n",
        b'"external_id";"name";"tags"\n"A";"Maria";"x|y"\n',
        b"name,colour,external_id,tags,,\nMaria,red,A,x|y,,\n",
        b"external_id,name,tags\n\n   \nA, Maria ,x|y,,\n\n",
    ],
)
def test_a_file_is_read_however_it_is_laid_out(tmp_path: Path, content: bytes) -> None:
    (row,) = read(tmp_path / "f.csv", content)
    assert isinstance(row, CsvRow)
    assert row.cells == {"external_id": "A", "name": "Maria", "tags": "x|y"}


def test_a_row_stands_on_the_line_where_it_begins(tmp_path: Path) -> None:
    content = b'external_id,name\nA,x\n\nB,"two\nlines, and ""quotes"""\nC,y\nD\nE,\xff\n'
    rows = read(tmp_path / "f.csv", content)
    assert [row.line for row in rows] == [2, 4, 6, 7, 8]
    assert isinstance(rows[1], CsvRow)
    assert rows[1].cells["name"] == 'two\nlines, and "quotes"'
    assert rows[3] == BadRow(7, "1 cells where the header names 2 columns")
    assert rows[4] == BadRow(8, "not UTF-8")


def test_too_many_cells_make_a_bad_row(tmp_path: Path) -> None:
    assert read(tmp_path / "f.csv", b"external_id,name\nA,Rossi, Maria\n") == [
        BadRow(2, "3 cells where the header names 2 columns")
    ]


def test_the_row_after_one_that_is_no_csv_is_read(tmp_path: Path) -> None:
    content = b"external_id,name\nA,one\rtwo\nB,x\n"
    first, second = read(tmp_path / "f.csv", content)
    assert isinstance(first, BadRow)
    assert "not readable" in first.reason
    assert (second.line, isinstance(second, CsvRow)) == (3, True)


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(b"external_id,colour,name,size\n")
    with CsvFile(tmp_path / "f.csv", ["external_id", "name"], ["external_id"]) as file:
        assert file.unknown_columns == ["colour", "size"]
        assert list(file.rows()) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "lacks external_id"),
        (b"name\nMaria\n", "lacks external_id"),
        (b"external_id,name,Name\n", "twice: name"),
        (b"external_id,n\xff\n", "not UTF-8"),
        (b"\xff\xfee\x00x\x00", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(UnusableFile, match=why):
        read(tmp_path / "f.csv", content)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UnusableFile), CsvFile(path, ["a"], ["a"]):
            pass


def test_a_list_is_separated_by_bars() -> None:
    assert listed(" a | b||c ") == ["a", "b", "c"]
    assert listed("") == []
