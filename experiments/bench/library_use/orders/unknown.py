"""Orders for what the catalogue does not know."""


def unknown(orders, catalogue):
    """The names that were ordered and stand in no entry, each once, in the order of the orders."""
    known = [entry["name"] for entry in catalogue]
    missing = []
    for order in orders:
        name = order["name"]
        if name not in known:
            if name not in missing:
                missing.append(name)
    return missing
