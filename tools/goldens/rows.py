"""Rows as long as a tokenizer's output, without what fills them up."""


def shortened(row):
    """The row up to the first of the equal values that it ends with."""
    end = len(row)
    while end > 1 and row[end - 1] == row[end - 2]:
        end -= 1
    return row[:end]
