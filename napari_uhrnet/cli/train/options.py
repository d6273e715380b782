"""The options of the command ``train``; what is not given has the default of `TrainConfig`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Loss(StrEnum):
    """The loss."""

    cross_entropy = "cross-entropy"
    focal = "focal"


class Schedule(StrEnum):
    """How the learning rates fall to zero."""

    cosine = "cosine"
    poly = "poly"


class Precision(StrEnum):
    """Of the numbers in a training step."""

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
    typer.Argument(metavar="DIR[@M]", help="Folders of images with masks; @M: metres per pixel."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Resume the run.")]
Model = Annotated[
    str | None, typer.Option(metavar="NAME", help="Network; see `models` [uhrnet-light].")
]
Start = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="Checkpoint to start from.")
]
Backbone = Annotated[
    str | None, typer.Option(metavar="NAME", help="Backbone: any timm features_only network.")
]
Classes = Annotated[
    str | None, typer.Option(metavar="NAME_OR_FILE", help="Class table of the masks.")
]
Split = Annotated[
    str | None,
    typer.Option(metavar="NAME_OR_FILE", help="Split of the pairs; default: the folders'."),
]
TrainPart = Annotated[str | None, typer.Option(help="Part of the split to train on [train].")]
ValPart = Annotated[str | None, typer.Option(help="Part of the split to validate on [val].")]
HoldOut = Annotated[
    float | None,
    typer.Option(
        metavar="0..1", help="Share of the pairs to validate on where no part does [0.15]."
    ),
]
Made = Annotated[
    int | None, typer.Option(metavar="N", help="Number of generated scenes to train on, too [0].")
]
PixelSize = Annotated[
    float | None, typer.Option(metavar="M", help="Metres per pixel of the network's input.")
]
Steps = Annotated[int | None, typer.Option(help="Training steps of each stage [2000].")]
Stages = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[:STEPS],...",
        help="Stages, one after the other: joint; or global, local, fusions, readout.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Seed of all random numbers [0].")]
LossForm = Annotated[Loss | None, typer.Option(help="Loss [cross-entropy].")]
RateSchedule = Annotated[
    Schedule | None, typer.Option(help="Schedule of the learning rates [cosine].")
]
Rate = Annotated[
    float | None, typer.Option(help="Learning rate of new layers; others have 0.3 of it [1e-3].")
]
Crop = Annotated[
    int | None, typer.Option(metavar="PX", help="Side of a training view [two patches].")
]
Batch = Annotated[int | None, typer.Option(help="Views per batch [3].")]
Balance = Annotated[
    float | None,
    typer.Option(metavar="0..1", help="Share of views centred on a randomly drawn class [0.5]."),
]
Colour = Annotated[
    float | None, typer.Option(metavar="0..1", help="Strength of random colour changes [0.2].")
]
Zoom = Annotated[
    str | None, typer.Option(metavar="LOW,HIGH", help="Range of random zoom [0.85,1.3].")
]
InPrecision = Annotated[Precision | None, typer.Option(help="Number format [32-true].")]
OnAccelerator = Annotated[Accelerator | None, typer.Option(help="Where to compute [auto].")]
Devices = Annotated[int | None, typer.Option(help="Number of devices, one process each [1].")]
Memory = Annotated[str | None, typer.Option(metavar="4GB", help="Memory limit of a training step.")]
Cache = Annotated[str | None, typer.Option(metavar="1GB", help="Memory for small scenes [1GiB].")]
ValidateEvery = Annotated[
    int | None, typer.Option(metavar="STEPS", help="Steps between validations [200].")
]
SaveEvery = Annotated[
    int | None, typer.Option(metavar="STEPS", help="Steps between saves of state.pt [50].")
]
