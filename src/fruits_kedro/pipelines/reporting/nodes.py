"""From the results of a run to one page that people look at."""

import logging
from typing import Any

import pandas as pd

from fruits_kedro.model.matrices import rows_of
from fruits_kedro.parameters import ReductionParameters
from fruits_kedro.parameters.reporting import ReportingParameters
from fruits_kedro.photos.reasons import SENTENCES
from fruits_kedro.pipelines.reporting.report import selection, tables
from fruits_kedro.pipelines.reporting.report.map_data import map_data
from fruits_kedro.pipelines.reporting.report.page import render_page
from fruits_kedro.pipelines.reporting.report.quality import find_problems
from fruits_kedro.pipelines.reporting.report.stored_photographs import read_photographs
from fruits_kedro.pipelines.reporting.report.thumbnails import Thumbnails, make_thumbnails
from fruits_kedro.pipelines.reporting.run_facts import Facts, gather_facts
from fruits_kedro.storage.heavy_types import ArrowTable, DataFrame
from fruits_kedro.storage.stored_rows import collect_rows, count_rows, read_rows, sample_rows

logger = logging.getLogger(__name__)

_CARD_SHARE, _TILE_SHARE = 0.15, 0.6
"""Of the page's size, for pictures of the galleries and of the map; the rest is for text."""
_IGNORED = 12


def find_quality_problems(
    reduced_features: DataFrame, predictions: DataFrame, parameters: ReportingParameters
) -> tuple[ArrowTable, pd.DataFrame, dict[str, Any]]:
    """Near-duplicates across the border, likely wrong labels and outliers of a label.

    Returns:
        ``schemas.DATA_QUALITY``, the same for a spreadsheet, and what was found in numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = ["path", "label", "split", "sha256", "components"]
    rows = sample_rows(reduced_features, columns, parameters.examined)
    # Train rows first, which near-duplicates are looked for among.
    trains = pc.equal(rows["split"], "train").cast(pa.int8())
    rows = rows.append_column("trains", trains)
    rows = rows.sort_by([("trains", "descending"), ("sha256", "ascending")])
    photographs = rows.select(columns[:-1]).to_pandas().astype(object)
    known = _predictions_of(predictions, photographs["sha256"].tolist())
    photographs = photographs.merge(known, on="sha256", how="left")
    components = rows_of(rows["components"].combine_chunks())
    problems, report = find_problems(photographs, components, parameters)
    report = {"photographs": count_rows(reduced_features), **report}
    logger.info(
        "%d of %d test photographs have a near-duplicate in train; %d are likely mislabelled, %d "
        "are outliers of their label",
        report["near_duplicates"]["tested_with_twin"],
        report["near_duplicates"]["tested"],
        report["likely_mislabelled"]["found"],
        report["outliers"]["found"],
    )
    return pa.Table.from_pandas(problems, preserve_index=False), problems.fillna(""), report


def choose_photographs(
    predictions: DataFrame,
    confusions: pd.DataFrame,
    data_quality: DataFrame,
    parameters: ReportingParameters,
) -> dict[str, Any]:
    """What the galleries show: mistakes, hits, confused pairs, and problems by their kind."""
    problems = collect_rows(data_quality).to_pandas()
    chosen: dict[str, Any] = {"mistakes": [], "hits": [], "pairs": []}
    if len(confusions):
        chosen = {
            "mistakes": selection.choose_mistakes(predictions, parameters.gallery),
            "hits": selection.choose_hits(predictions, parameters.gallery),
            "pairs": selection.choose_pairs(predictions, confusions, parameters.pairs),
        }
    return chosen | {"problems": selection.choose_problems(problems, parameters.gallery)}


def shrink_photographs(
    chosen_photographs: dict[str, Any],
    map_points: DataFrame,
    images: DataFrame,
    parameters: ReportingParameters,
) -> Thumbnails:
    """Small pictures of everything that is shown, those of the galleries first."""
    galleries = [chosen_photographs[name] for name in ("mistakes", "hits", "pairs")]
    galleries += chosen_photographs["problems"].values()
    cards = dict(selection.shown_photographs(*galleries))
    points = collect_rows(map_points).select(["sha256", "path"]).to_pydict()
    tiles = dict(zip(points["sha256"], points["path"], strict=True))
    wanted = list({**cards, **tiles}.items())
    size = parameters.page_megabytes * 10**6
    return make_thumbnails(
        list(cards),
        list(tiles),
        read_photographs(images, wanted, parameters.read_megabytes),
        parameters.decoded_megapixels * 10**6,
        int(size * _CARD_SHARE),
        int(size * _TILE_SHARE),
    )


def gather_run_facts(
    run_facts: Facts,
    ingestion_report: dict[str, Any],
    featurization_report: dict[str, Any],
    split_report: dict[str, Any],
    timings: dict[str, Any],
) -> Facts:
    """Counts, seconds, versions and parameters of the run in one place."""
    return gather_facts(run_facts, ingestion_report, featurization_report, split_report, timings)


def render_report(
    facts: Facts,
    explained_variance: dict[str, Any],
    map_points: DataFrame,
    predictions: DataFrame,
    metrics: dict[str, Any],
    confusions: pd.DataFrame,
    evaluation: dict[str, Any],
    data_quality_report: dict[str, Any],
    chosen_photographs: dict[str, Any],
    thumbnails: Thumbnails,
    reduction: ReductionParameters,
) -> str:
    """The page as HTML."""
    images = facts["images"]
    total = data_quality_report["photographs"]
    points = collect_rows(map_points).to_pandas()
    known = _predictions_of(predictions, points["sha256"].tolist())
    evaluated = tables.evaluated_photographs(evaluation)
    classified = metrics if len(confusions) else {}
    matrix = tables.confusion_matrix(confusions) if classified else None
    ignored = facts["counts"]["ignored_by_extension"]
    outliers = data_quality_report["outliers"]["by_label"]
    content = {
        "facts": facts,
        "sentences": {str(reason): sentence for reason, sentence in SENTENCES.items()},
        "ignored": sorted(ignored.items(), key=lambda item: (-item[1], item[0]))[:_IGNORED],
        "stages": tables.stages_of(facts),
        "variance": tables.variance_charts(explained_variance),
        "metrics": classified,
        "matrix": matrix,
        "per_label": tables.label_scores(classified) if classified else None,
        "splits": tables.compare_splits(classified, evaluation),
        "evaluation": evaluation,
        "evaluation_of_others": evaluated if evaluated not in (None, total) else None,
        "capture": evaluation.get("capture", {}).get("mean"),
        "unpredicted": total - count_rows(predictions),
        "quality": data_quality_report,
        "outlier_labels": sorted(outliers.items(), key=lambda item: (-item[1], item[0]))[:200],
        **chosen_photographs,
        "map_total": total,
        "map": {
            "points": len(points),
            "total": total,
            "sampled": len(points) < total,
            "landmarks": min(len(points), reduction.map.landmarks),
            "beside": max(0, len(points) - reduction.map.landmarks),
            "without_picture": len(points) - len(thumbnails.tiles),
        },
        "data": {"map": map_data(points, known, images, thumbnails), "matrix": matrix},
    }
    page = render_page(content, images, thumbnails)
    logger.info("The report has %.1f MB", len(page.encode()) / 10**6)
    return page


def _predictions_of(predictions: DataFrame, hashes: list[str]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = ["sha256", "prediction", "probability"]
    chosen = pc.field("sha256").isin(pa.array(hashes, pa.string()))
    frame: pd.DataFrame = read_rows(predictions, columns, chosen).to_pandas()
    return frame.astype({"sha256": object, "prediction": object})
