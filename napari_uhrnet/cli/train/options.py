"""The options of the command ``train``; what is not given has the default of `TrainConfig`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Loss(StrEnum):
    """What is made small."""

    cross_entropy = "cross-entropy"
    focal = "focal"


class Schedule(StrEnum):
    """How the rates fall to zero."""

    cosine = "cosine"
    poly = "poly"


class Precision(StrEnum):
    """Of the numbers in a step."""

    full = "32-true"
    mixed = "bf16-mixed"


class Accelerator(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


Out = Annotated[Path, typer.Option(metavar="RUN", help="Run folder.")]
Data = Annotated[
    list[str] | None,
    typer.Argument(metavar="DIR[@M]", help="Images with masks; M metres per pixel."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run.")]
Model = Annotated[str | None, typer.Option(metavar="NAME", help="See `models` [uhrnet-light].")]
Start = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="Checkpoint to start from.")
]
Backbone = Annotated[
    str | None, typer.Option(metavar="NAME", help="Any timm features_only network.")
]
Classes = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="Class table of the masks.")
]
Split = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="Split; default the folders'.")
]
TrainPart = Annotated[str | None, typer.Option(help="Part to train on [train].")]
ValPart = Annotated[str | None, typer.Option(help="Part to validate on [val].")]
HoldOut = Annotated[
    float | None,
    typer.Option(metavar="0..1", help="Of the pairs, if no part is to validate on [0.15]."),
]
Made = Annotated[int | None, typer.Option(metavar="N", help="Made scenes beside the data [0].")]
PixelSize = Annotated[
    float | None, typer.Option(metavar="M", help="Metres per pixel that the network sees.")
]
Steps = Annotated[int | None, typer.Option(help="Steps of a stage [2000].")]
Stages = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[:STEPS],...",
        help="joint, or global, local, fusions, readout one after the other.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Of everything random [0].")]
LossForm = Annotated[Loss | None, typer.Option(help="What is made small [cross-entropy].")]
RateSchedule = Annotated[Schedule | None, typer.Option(help="Of the rates [cosine].")]
Rate = Annotated[float | None, typer.Option(help="Of new layers; others take 0.3 of it [1e-3].")]
Crop = Annotated[int | None, typer.Option(metavar="PX", help="Side of a view [two patches].")]
Batch = Annotated[int | None, typer.Option(help="Views in a batch [3].")]
Balance = Annotated[
    float | None, typer.Option(metavar="0..1", help="Views centred on a drawn class [0.5].")
]
Colour = Annotated[
    float | None, typer.Option(metavar="0..1", help="Random changes of colour [0.2].")
]
Zoom = Annotated[str | None, typer.Option(metavar="LOW,HIGH", help="Random zoom [0.85,1.3].")]
InPrecision = Annotated[Precision | None, typer.Option(help="Of the numbers [32-true].")]
OnAccelerator = Annotated[Accelerator | None, typer.Option(help="Where to compute [auto].")]
Devices = Annotated[int | None, typer.Option(help="Processes, a device each [1].")]
Memory = Annotated[
    str | None, typer.Option(metavar="4GB", help="Most memory that a step may hold.")
]
Cache = Annotated[
    str | None, typer.Option(metavar="1GB", help="For small scenes in memory [1GiB].")
]
ValidateEvery = Annotated[int | None, typer.Option(metavar="STEPS", help="Scores [200].")]
SaveEvery = Annotated[int | None, typer.Option(metavar="STEPS", help="state.pt [50].")]
