"""Bluetooth without a radio: a D-Bus of our own, and a bluetoothd on it that joins peripherals and centrals."""
