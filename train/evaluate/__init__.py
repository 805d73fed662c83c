"""python -m train evaluate: what reconstructed leads are worth, side by side.

    python -m train evaluate --data cache/ptbxl --folds 9 --leads II,V1,V5 --bundle edge/bundles/default \\
        --model runs/x/best.safetensors --baseline linear --out eval/x

Signal (correlation and error, by lead), features (heart rate, QRS, QT, axis, R, S, ST), distribution (Frechet
distance), diagnosis (a frozen classifier on true, reconstructed and measured leads), calibration of the 90 % interval,
and a leak test, for any number of models on the same recordings: `report.json`, `report.md` and pictures.
"""

from train.evaluate.command import add_arguments, run

__all__ = ["add_arguments", "run"]
