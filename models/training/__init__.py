"""How the encoders are adapted: data, network, loop, calibration, export; run by train.py files."""
