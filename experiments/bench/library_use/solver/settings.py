"""Options of the relaxation engine, see engine.relax."""

OPTIONS = {
    "sweeps": 6,
}
