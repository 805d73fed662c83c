"""EC57 in Python: test annotations against reference annotations, beat by beat, run by run, episode by episode.

As ANSI/AAMI EC57 defines it and PhysioNet's tools carry it out (WFDB Applications Guide, "Evaluating ECG Analyzers"):

    annotations     what is compared: arrays, or WFDB annotation files; everything in the reference's samples
    classes         WFDB's beat codes and EC57's five classes N, S, V, F, Q
    intervals       beats with their R-R intervals, flutter and shutdown of one annotator
    beats           `bxb`: the confusion matrix and what follows from it
    labels, runs    `rxr`: couplets, short and long runs of ventricular (or supraventricular) ectopic beats
    episodes        `epicmp`: atrial fibrillation, ventricular fibrillation or flutter, tachycardia
    measurements    `mxm`: heart rates, or any other measurement
    proportions     exact intervals, gross and average figures (`sumstats`)
    tables, figures what people and programs read
    peers           other detectors' beats, for the same table
"""
