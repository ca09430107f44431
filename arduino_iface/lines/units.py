"""The units that sketches print, and how SenML writes them."""

_AS_PRINTED = """
K % %/RH mm cm m km ft nm um Pa hPa kPa MPa mbar bar psi mmHg inHg mV V kV mA A mW W kW Wh kWh mAh
Ah Hz kHz MHz GHz ppm ppb mg g kg t lb oz N kN Nm ms min h d dB dBm dBA dBV m/s km/h mph kn mS/cm
NTU pH mg/l mg/L m2 m3 m3/h deg/s rad rad/s uT mT gauss G VA var counts raw px steps pulses bpm BPM
L/h l/h mF uF nF pF
"""

_SPELLINGS = {
    "Cel": ("\u00b0C", "*C", "\u00b0 C", "deg C", "degC", "C", "\u2103", "\u00baC", "Cel"),
    "degF": ("\u00b0F", "*F", "\u00b0 F", "deg F", "degF", "F", "\u2109", "\u00baF"),
    "%RH": ("%RH", "% RH", "%rH", "%rh", "%H"),
    "deg": ("\u00b0", "\u00ba", "deg"),
    "lx": ("lx", "lux", "Lux", "LUX"),
    "l": ("L", "liter", "litre", "liters", "litres"),
    "l/min": ("L/min", "l/min"),
    "us": ("\u00b5s", "\u03bcs", "us"),
    "uA": ("\u00b5A", "\u03bcA", "uA"),
    "uV": ("\u00b5V", "\u03bcV", "uV"),
    "ug/m3": (
        "\u00b5g/m\u00b3",
        "\u03bcg/m\u00b3",
        "\u00b5g/m3",
        "\u03bcg/m3",
        "ug/m3",
        "ug/m\u00b3",
    ),
    "uS/cm": ("\u00b5S/cm", "\u03bcS/cm", "uS/cm"),
    "Ohm": ("Ohm", "ohm", "ohms", "Ohms", "\u03a9", "\u2126"),
    "kOhm": ("kOhm", "kohm", "KOhms", "kOhms", "k\u03a9", "k\u2126"),
    "m/s2": ("m/s2", "m/s^2", "m/s\u00b2"),
    "ml": ("ml", "mL"),
    "rpm": ("RPM", "rpm"),
    "s": ("sec", "secs", "seconds", "s"),
    "in": ("inch", "inches", "in"),
}

UNITS: dict[str, str] = {
    **{unit: unit for unit in _AS_PRINTED.split()},
    **{printed: unit for unit, spellings in _SPELLINGS.items() for printed in spellings},
}
"""Printed unit -> the unit of SenML, or the printed one where SenML has none."""
