"""Every text of the fine-tune room, so that its wording is reviewed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uhrnet.session.wording import duration

if TYPE_CHECKING:
    from napari_uhrnet.session.finetune.run import FineTuneStatus

# Settings.
TITLE = "Fine-tune"
NETWORK = "Network"
STEPS, STEPS_TIP = "Steps", "Number of training steps; each takes a few seconds on a CPU"
PIXEL_SIZE, AUTOMATIC = "Pixel size", "automatic"
PIXEL_SIZE_TIP = (
    "Metres per pixel at which the network sees the image. Automatic: as it was trained if it has\n"
    "half of the classes, else three pixels of the finest image"
)
HELD_OUT = "Hold out"
HELD_OUT_TIP = (
    "Share of the reviewed regions that is not used for training: whole regions, on which the\n"
    "network is scored before and after"
)
REHEARSE, REHEARSE_HINT = "Rehearse", "folder of images and masks (optional)"
REHEARSE_TIP = (
    "Also trains on these images, so that the network forgets less: a folder, or FOLDER@METRES\n"
    "with the pixel size"
)
CHOOSE, REHEARSE_DIALOG = "…", "Folder of images and masks to rehearse"
HEADS_ONLY = "Train the heads only"
HEADS_ONLY_TIP = "The backbones stay as they are: faster, but learns less"

# Run.
RUN = "Run"
START, START_TIP = "Start", "Train on the reviewed regions; all corrections are saved already"
RESUME, RESUME_TIP = "Resume", "Resume the run that was stopped"
STOP, STOP_TIP = "Stop", "Stop after this step; the run can be resumed"
HINT = (
    "Continues training on reviewed regions in the background. Some regions are held out to score "
    "the network before and after."
)
CLOSED = "Press Correct first: the network is trained on the reviewed regions of its project."
NOTHING_REVIEWED = "Nothing is reviewed yet: mark regions as reviewed (key R) first."
NO_NETWORK = "Choose a network with weights first."
STOPPING = "Stopping after this step…"
DOING = {
    "starting": "Starting",
    "preparing": "Preparing",
    "scoring before": "Scoring the network before training",
    "training": "Training",
    "scoring after": "Scoring the network after training",
}
"""By the phase that the run's status file names."""


def doing(status: FineTuneStatus) -> str:
    """What the run is doing now."""
    title = DOING.get(status.doing, status.doing)
    scale = f" at {status.pixel_size_m:.3g} m per pixel" if status.pixel_size_m else ""
    if status.doing != "training":
        return f"{title}{scale}…"
    left = f", {duration(status.seconds_left)} left" if status.seconds_left else ""
    return f"{title}{scale}: step {status.step} of {status.steps}{left}"


# Result.
STEP_AXIS, LOSS_AXIS = "step", "loss"
SCORE_HEADINGS = ("", "Before", "After", "Change")
MIOU, ACCURACY, NO_SCORE = "mIoU", "Accuracy", "–"
USE, USE_TIP = "Use this checkpoint", "Use this checkpoint in this project from now on"
NOT_SCORED = "Done. Nothing was held out, so the network was not scored."


def scored(before: float | None, after: float, held_out_px: int) -> str:
    """Mean IoU before (None: the network had none of the classes) and after."""
    on = f"on {held_out_px:,} held-out reviewed pixels".replace(",", " ")
    if before is None:
        return f"mIoU {after:.3f} {on}; the network had none of the classes before."
    verdict = "Better" if after > before else "Not better"
    return f"{verdict}: mIoU {before:.3f} before, {after:.3f} after, {on}."
