"""Results measured: against ground truth, against each other, against the paper.

`scoring` is against ground truth, `comparison` compares two results, `reproduce` trains and scores
the paper's tables.

`overlaps`  images that show the same ground on both sides of a split
"""
