"""cctrl: see, fail over and recover replicated databases over SSH."""

__version__ = "0.1.0"
