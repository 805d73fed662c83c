"""python -m train turing: can a cardiologist tell, and does a reconstructed ECG show the same infarct?

    python -m train turing --data cache/ptbxl --folds 9 --bundle edge/bundles/default --leads II,V1,V5 \\
        --pairs 25 --seed 7 --out reading
    python -m train turing --score smith.csv jones.csv --key reading/key.json --out reading/scores

The first writes twelve-lead sheets on ECG paper, true and reconstructed ones in one shuffled order, with an empty form,
in `reading/readers`, and the key beside that folder. The second scores returned forms: right answers against guessing
with their exact interval, infarcts found on either kind of sheet, their walls, and how far readers agree.
"""

from train.turing.command import add_arguments, run

__all__ = ["add_arguments", "run"]
