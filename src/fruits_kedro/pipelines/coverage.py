"""How many labels and photographs an accuracy is based on."""

from collections.abc import Iterable, Mapping
from typing import Any

from fruits_kedro.photos.layout import names_of


def coverage(per_label: Mapping[str, Mapping[str, Any]], labels: Iterable[str]) -> dict[str, Any]:
    """Count the labels and photographs that a score covers.

    Args:
        per_label: Scores by label, with ``support`` (its test photographs) and ``f1``.
        labels: Every label of the kept photographs.

    Returns:
        ``labels`` (how many), ``covered`` (of these, labels with a test photograph),
        ``photographs`` (that test), ``macro_f1`` (mean over the covered labels) and
        ``without_test`` (names of the other labels, in order).
    """
    tested = {label: scores for label, scores in per_label.items() if scores["support"]}
    without_test = sorted(set(labels) - set(tested))
    return {
        "labels": len(tested) + len(without_test),
        "covered": len(tested),
        "photographs": sum(scores["support"] for scores in tested.values()),
        "macro_f1": sum(scores["f1"] for scores in tested.values()) / len(tested),
        "without_test": without_test,
    }


def stands_on(covered: Mapping[str, Any]) -> str:
    """``covered`` in words: "20 photographs of 1 of 199 labels"."""
    counted = f"{covered['photographs']:,} photographs of {covered['covered']:,}"
    return f"{counted} of {covered['labels']:,} labels"


def coverage_warnings(covered: Mapping[str, Any], least_share: float) -> list[str]:
    """Sentences that warn of labels without a test photograph, and of figures that cover too few.

    ``least_share`` is the share of labels below which a figure says little about the whole.
    """
    sentences = []
    if covered["covered"] < least_share * covered["labels"]:
        sentences.append(
            f"The accuracy is based on {stands_on(covered)}, and says nothing about the others: "
            "add photographs of them. Where folders name the split, split.method=random also tests "
            "labels that have no test folder."
        )
    if covered["without_test"]:
        names = names_of(covered["without_test"], 20)
        sentences.append(f"Labels without a test photograph are not measured: {names}")
    return sentences
