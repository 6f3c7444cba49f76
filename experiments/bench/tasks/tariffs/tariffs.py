"""What it costs to send a parcel: one tariff a zone, with surcharges, discounts and insurance."""

import math

DENSITY = 5000.0
STEP = 0.25
NEAR = 120
EXPRESS = 2.3
EXPRESS_FEE = 2.4
INSURED = 250
INSURANCE = 0.0125
MANY = 4
REBATE = 0.08


def volume_weight(order):
    """The weight that counts, which is never below that of the volume."""
    volume = order["length"] * order["width"] * order["height"]
    return max(order["weight"], volume / DENSITY)


def rounded_up(weight):
    """The next multiple of a step."""
    return STEP * math.ceil(weight / STEP)


def amber_coast(order):
    """The tariff of amber coast."""
    weight = rounded_up(volume_weight(order))
    price = 4.49 + 1.32 * weight
    if weight > 10.6:
        price += 0.85 * (weight - 10.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.23 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def amber_hills(order):
    """The tariff of amber hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.69 + 0.53 * weight
    if weight > 8.3:
        price += 0.85 * (weight - 8.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.21 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def amber_town(order):
    """The tariff of amber town."""
    weight = rounded_up(volume_weight(order))
    price = 5.6 + 0.62 * weight
    if weight > 8.3:
        price += 0.3 * (weight - 8.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.19 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def amber_river(order):
    """The tariff of amber river."""
    weight = rounded_up(volume_weight(order))
    price = 4.3 + 0.51 * weight
    if weight > 6.5:
        price += 0.32 * (weight - 6.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.28 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def amber_isles(order):
    """The tariff of amber isles."""
    weight = rounded_up(volume_weight(order))
    price = 5.06 + 0.68 * weight
    if weight > 10.6:
        price += 0.21 * (weight - 10.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.2 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def birch_coast(order):
    """The tariff of birch coast."""
    weight = rounded_up(volume_weight(order))
    price = 2.51 + 0.5 * weight
    if weight > 11.1:
        price += 0.27 * (weight - 11.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.1 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def birch_hills(order):
    """The tariff of birch hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.93 + 1.46 * weight
    if weight > 7.0:
        price += 0.87 * (weight - 7.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.18 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def birch_town(order):
    """The tariff of birch town."""
    weight = rounded_up(volume_weight(order))
    price = 4.71 + 0.73 * weight
    if weight > 11.6:
        price += 0.65 * (weight - 11.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.29 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def birch_river(order):
    """The tariff of birch river."""
    weight = rounded_up(volume_weight(order))
    price = 5.57 + 0.83 * weight
    if weight > 7.5:
        price += 0.23 * (weight - 7.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.09 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def birch_isles(order):
    """The tariff of birch isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.26 + 0.83 * weight
    if weight > 9.2:
        price += 0.1 * (weight - 9.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.22 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def cedar_coast(order):
    """The tariff of cedar coast."""
    weight = rounded_up(volume_weight(order))
    price = 3.35 + 0.84 * weight
    if weight > 10.7:
        price += 0.48 * (weight - 10.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.13 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def cedar_hills(order):
    """The tariff of cedar hills."""
    weight = rounded_up(volume_weight(order))
    price = 3.92 + 1.28 * weight
    if weight > 5.4:
        price += 0.88 * (weight - 5.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.06 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def cedar_town(order):
    """The tariff of cedar town."""
    weight = rounded_up(volume_weight(order))
    price = 5.0 + 1.43 * weight
    if weight > 5.1:
        price += 0.73 * (weight - 5.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def cedar_river(order):
    """The tariff of cedar river."""
    weight = rounded_up(volume_weight(order))
    price = 4.31 + 0.51 * weight
    if weight > 5.3:
        price += 0.24 * (weight - 5.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.29 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def cedar_isles(order):
    """The tariff of cedar isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.79 + 1.33 * weight
    if weight > 11.5:
        price += 0.85 * (weight - 11.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def delta_coast(order):
    """The tariff of delta coast."""
    weight = rounded_up(volume_weight(order))
    price = 3.42 + 1.08 * weight
    if weight > 10.4:
        price += 0.19 * (weight - 10.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.24 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def delta_hills(order):
    """The tariff of delta hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.19 + 1.45 * weight
    if weight > 5.3:
        price += 0.86 * (weight - 5.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.07 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def delta_town(order):
    """The tariff of delta town."""
    weight = rounded_up(volume_weight(order))
    price = 3.36 + 1.17 * weight
    if weight > 11.4:
        price += 0.37 * (weight - 11.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.28 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def delta_river(order):
    """The tariff of delta river."""
    weight = rounded_up(volume_weight(order))
    price = 4.18 + 0.84 * weight
    if weight > 7.2:
        price += 0.24 * (weight - 7.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.07 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def delta_isles(order):
    """The tariff of delta isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.6 + 1.26 * weight
    if weight > 12.0:
        price += 0.23 * (weight - 12.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.06 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ember_coast(order):
    """The tariff of ember coast."""
    weight = rounded_up(volume_weight(order))
    price = 5.95 + 1.09 * weight
    if weight > 7.8:
        price += 0.29 * (weight - 7.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.2 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ember_hills(order):
    """The tariff of ember hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.31 + 1.0 * weight
    if weight > 8.0:
        price += 0.14 * (weight - 8.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.28 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ember_town(order):
    """The tariff of ember town."""
    weight = rounded_up(volume_weight(order))
    price = 2.13 + 1.04 * weight
    if weight > 10.9:
        price += 0.2 * (weight - 10.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.23 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ember_river(order):
    """The tariff of ember river."""
    weight = rounded_up(volume_weight(order))
    price = 5.8 + 1.19 * weight
    if weight > 10.5:
        price += 0.19 * (weight - 10.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.16 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ember_isles(order):
    """The tariff of ember isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.6 + 1.43 * weight
    if weight > 7.1:
        price += 0.46 * (weight - 7.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.3 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def fjord_coast(order):
    """The tariff of fjord coast."""
    weight = rounded_up(volume_weight(order))
    price = 5.41 + 1.57 * weight
    if weight > 8.2:
        price += 0.49 * (weight - 8.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.23 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def fjord_hills(order):
    """The tariff of fjord hills."""
    weight = rounded_up(volume_weight(order))
    price = 3.92 + 0.82 * weight
    if weight > 7.8:
        price += 0.22 * (weight - 7.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def fjord_town(order):
    """The tariff of fjord town."""
    weight = rounded_up(volume_weight(order))
    price = 5.95 + 2.96 * weight
    if weight > 9.4:
        price += 0.5 * (weight - 9.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.04 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def fjord_river(order):
    """The tariff of fjord river."""
    weight = rounded_up(volume_weight(order))
    price = 2.36 + 0.8 * weight
    if weight > 10.5:
        price += 0.79 * (weight - 10.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def fjord_isles(order):
    """The tariff of fjord isles."""
    weight = rounded_up(volume_weight(order))
    price = 5.14 + 1.35 * weight
    if weight > 9.9:
        price += 0.63 * (weight - 9.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.24 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def grove_coast(order):
    """The tariff of grove coast."""
    weight = rounded_up(volume_weight(order))
    price = 3.45 + 1.27 * weight
    if weight > 7.0:
        price += 0.49 * (weight - 7.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.24 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def grove_hills(order):
    """The tariff of grove hills."""
    weight = rounded_up(volume_weight(order))
    price = 4.76 + 0.82 * weight
    if weight > 11.6:
        price += 0.62 * (weight - 11.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.2 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def grove_town(order):
    """The tariff of grove town."""
    weight = rounded_up(volume_weight(order))
    price = 2.05 + 1.1 * weight
    if weight > 6.8:
        price += 0.64 * (weight - 6.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.17 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def grove_river(order):
    """The tariff of grove river."""
    weight = rounded_up(volume_weight(order))
    price = 5.27 + 1.21 * weight
    if weight > 10.6:
        price += 0.38 * (weight - 10.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.21 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def grove_isles(order):
    """The tariff of grove isles."""
    weight = rounded_up(volume_weight(order))
    price = 4.95 + 1.41 * weight
    if weight > 7.5:
        price += 0.77 * (weight - 7.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.27 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def heath_coast(order):
    """The tariff of heath coast."""
    weight = rounded_up(volume_weight(order))
    price = 4.75 + 1.57 * weight
    if weight > 11.7:
        price += 0.51 * (weight - 11.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.18 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def heath_hills(order):
    """The tariff of heath hills."""
    weight = rounded_up(volume_weight(order))
    price = 2.66 + 1.42 * weight
    if weight > 11.6:
        price += 0.48 * (weight - 11.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.22 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def heath_town(order):
    """The tariff of heath town."""
    weight = rounded_up(volume_weight(order))
    price = 4.88 + 1.3 * weight
    if weight > 6.2:
        price += 0.72 * (weight - 6.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.2 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def heath_river(order):
    """The tariff of heath river."""
    weight = rounded_up(volume_weight(order))
    price = 4.66 - 0.96 * weight
    if weight > 9.4:
        price += 0.72 * (weight - 9.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.21 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def heath_isles(order):
    """The tariff of heath isles."""
    weight = rounded_up(volume_weight(order))
    price = 4.88 + 0.53 * weight
    if weight > 6.1:
        price += 0.45 * (weight - 6.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.21 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def islet_coast(order):
    """The tariff of islet coast."""
    weight = rounded_up(volume_weight(order))
    price = 2.88 + 1.25 * weight
    if weight > 9.4:
        price += 0.13 * (weight - 9.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.17 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def islet_hills(order):
    """The tariff of islet hills."""
    weight = rounded_up(volume_weight(order))
    price = 2.9 + 0.56 * weight
    if weight > 5.9:
        price += 0.35 * (weight - 5.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.1 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def islet_town(order):
    """The tariff of islet town."""
    weight = rounded_up(volume_weight(order))
    price = 2.77 + 0.54 * weight
    if weight > 8.3:
        price += 0.4 * (weight - 8.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.2 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def islet_river(order):
    """The tariff of islet river."""
    weight = rounded_up(volume_weight(order))
    price = 4.36 + 0.76 * weight
    if weight > 11.3:
        price += 0.1 * (weight - 11.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.15 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def islet_isles(order):
    """The tariff of islet isles."""
    weight = rounded_up(volume_weight(order))
    price = 3.11 + 0.95 * weight
    if weight > 5.8:
        price += 0.77 * (weight - 5.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def jetty_coast(order):
    """The tariff of jetty coast."""
    weight = rounded_up(volume_weight(order))
    price = 2.14 + 1.17 * weight
    if weight > 5.7:
        price += 0.54 * (weight - 5.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.13 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def jetty_hills(order):
    """The tariff of jetty hills."""
    weight = rounded_up(volume_weight(order))
    price = 4.32 + 1.55 * weight
    if weight > 10.7:
        price += 0.44 * (weight - 10.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.25 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def jetty_town(order):
    """The tariff of jetty town."""
    weight = rounded_up(volume_weight(order))
    price = 4.57 + 0.91 * weight
    if weight > 6.0:
        price += 0.58 * (weight - 6.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.19 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def jetty_river(order):
    """The tariff of jetty river."""
    weight = rounded_up(volume_weight(order))
    price = 5.83 + 1.56 * weight
    if weight > 9.3:
        price += 0.38 * (weight - 9.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.27 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def jetty_isles(order):
    """The tariff of jetty isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.0 + 0.62 * weight
    if weight > 9.0:
        price += 0.59 * (weight - 9.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.09 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def knoll_coast(order):
    """The tariff of knoll coast."""
    weight = rounded_up(volume_weight(order))
    price = 4.52 + 1.48 * weight
    if weight > 7.6:
        price += 0.45 * (weight - 7.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.11 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def knoll_hills(order):
    """The tariff of knoll hills."""
    weight = rounded_up(volume_weight(order))
    price = 3.17 + 1.57 * weight
    if weight > 7.7:
        price += 0.87 * (weight - 7.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.28 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def knoll_town(order):
    """The tariff of knoll town."""
    weight = rounded_up(volume_weight(order))
    price = 4.38 + 0.79 * weight
    if weight > 11.9:
        price += 0.5 * (weight - 11.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.15 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def knoll_river(order):
    """The tariff of knoll river."""
    weight = rounded_up(volume_weight(order))
    price = 3.28 + 1.58 * weight
    if weight > 8.4:
        price += 0.33 * (weight - 8.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.17 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def knoll_isles(order):
    """The tariff of knoll isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.49 + 1.18 * weight
    if weight > 8.1:
        price += 0.33 * (weight - 8.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.25 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ledge_coast(order):
    """The tariff of ledge coast."""
    weight = rounded_up(volume_weight(order))
    price = 5.31 + 0.51 * weight
    if weight > 8.7:
        price += 0.32 * (weight - 8.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.28 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ledge_hills(order):
    """The tariff of ledge hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.13 + 0.77 * weight
    if weight > 6.9:
        price += 0.22 * (weight - 6.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.3 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ledge_town(order):
    """The tariff of ledge town."""
    weight = rounded_up(volume_weight(order))
    price = 3.17 + 1.17 * weight
    if weight > 8.3:
        price += 0.62 * (weight - 8.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.2 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ledge_river(order):
    """The tariff of ledge river."""
    weight = rounded_up(volume_weight(order))
    price = 4.97 + 0.63 * weight
    if weight > 10.3:
        price += 0.34 * (weight - 10.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.18 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ledge_isles(order):
    """The tariff of ledge isles."""
    weight = rounded_up(volume_weight(order))
    price = 3.34 + 0.83 * weight
    if weight > 8.7:
        price += 0.47 * (weight - 8.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def marsh_coast(order):
    """The tariff of marsh coast."""
    weight = rounded_up(volume_weight(order))
    price = 4.98 + 1.15 * weight
    if weight > 5.3:
        price += 0.3 * (weight - 5.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.16 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def marsh_hills(order):
    """The tariff of marsh hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.67 + 1.48 * weight
    if weight > 8.8:
        price += 0.11 * (weight - 8.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.24 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def marsh_town(order):
    """The tariff of marsh town."""
    weight = rounded_up(volume_weight(order))
    price = 3.71 + 1.13 * weight
    if weight > 10.0:
        price += 0.61 * (weight - 10.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.17 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def marsh_river(order):
    """The tariff of marsh river."""
    weight = rounded_up(volume_weight(order))
    price = 5.65 + 0.92 * weight
    if weight > 7.7:
        price += 0.78 * (weight - 7.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.1 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def marsh_isles(order):
    """The tariff of marsh isles."""
    weight = rounded_up(volume_weight(order))
    price = 3.19 + 1.41 * weight
    if weight > 5.5:
        price += 0.77 * (weight - 5.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.22 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def north_coast(order):
    """The tariff of north coast."""
    weight = rounded_up(volume_weight(order))
    price = 3.73 + 0.81 * weight
    if weight > 10.5:
        price += 0.83 * (weight - 10.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.09 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def north_hills(order):
    """The tariff of north hills."""
    weight = rounded_up(volume_weight(order))
    price = 3.91 + 1.1 * weight
    if weight > 8.5:
        price += 0.36 * (weight - 8.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.09 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def north_town(order):
    """The tariff of north town."""
    weight = rounded_up(volume_weight(order))
    price = 4.34 + 1.39 * weight
    if weight > 5.5:
        price += 0.28 * (weight - 5.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.25 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def north_river(order):
    """The tariff of north river."""
    weight = rounded_up(volume_weight(order))
    price = 5.17 + 1.23 * weight
    if weight > 5.2:
        price += 0.68 * (weight - 5.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.29 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def north_isles(order):
    """The tariff of north isles."""
    weight = rounded_up(volume_weight(order))
    price = 5.99 + 1.27 * weight
    if weight > 5.3:
        price += 0.77 * (weight - 5.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.1 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ocean_coast(order):
    """The tariff of ocean coast."""
    weight = rounded_up(volume_weight(order))
    price = 4.58 + 1.55 * weight
    if weight > 10.0:
        price += 0.21 * (weight - 10.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.12 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ocean_hills(order):
    """The tariff of ocean hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.67 + 0.66 * weight
    if weight > 9.3:
        price += 0.43 * (weight - 9.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.09 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ocean_town(order):
    """The tariff of ocean town."""
    weight = rounded_up(volume_weight(order))
    price = 4.49 + 0.55 * weight
    if weight > 5.8:
        price += 0.4 * (weight - 5.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.07 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ocean_river(order):
    """The tariff of ocean river."""
    weight = rounded_up(volume_weight(order))
    price = 2.23 + 1.13 * weight
    if weight > 10.2:
        price += 0.8 * (weight - 10.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.08 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ocean_isles(order):
    """The tariff of ocean isles."""
    weight = rounded_up(volume_weight(order))
    price = 3.73 + 0.85 * weight
    if weight > 9.2:
        price += 0.49 * (weight - 9.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.28 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def plain_coast(order):
    """The tariff of plain coast."""
    weight = rounded_up(volume_weight(order))
    price = 3.5 + 0.56 * weight
    if weight > 9.9:
        price += 0.22 * (weight - 9.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.21 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def plain_hills(order):
    """The tariff of plain hills."""
    weight = rounded_up(volume_weight(order))
    price = 4.02 + 1.5 * weight
    if weight > 8.9:
        price += 0.6 * (weight - 8.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.12 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def plain_town(order):
    """The tariff of plain town."""
    weight = rounded_up(volume_weight(order))
    price = 4.21 + 0.78 * weight
    if weight > 10.3:
        price += 0.51 * (weight - 10.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.08 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def plain_river(order):
    """The tariff of plain river."""
    weight = rounded_up(volume_weight(order))
    price = 2.94 + 0.91 * weight
    if weight > 10.2:
        price += 0.24 * (weight - 10.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.23 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def plain_isles(order):
    """The tariff of plain isles."""
    weight = rounded_up(volume_weight(order))
    price = 4.62 + 0.59 * weight
    if weight > 9.7:
        price += 0.17 * (weight - 9.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.08 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def quarry_coast(order):
    """The tariff of quarry coast."""
    weight = rounded_up(volume_weight(order))
    price = 4.38 + 0.76 * weight
    if weight > 11.1:
        price += 0.48 * (weight - 11.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.13 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def quarry_hills(order):
    """The tariff of quarry hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.19 + 0.53 * weight
    if weight > 10.1:
        price += 0.14 * (weight - 10.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.09 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def quarry_town(order):
    """The tariff of quarry town."""
    weight = rounded_up(volume_weight(order))
    price = 5.81 + 1.25 * weight
    if weight > 6.6:
        price += 0.19 * (weight - 6.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.29 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def quarry_river(order):
    """The tariff of quarry river."""
    weight = rounded_up(volume_weight(order))
    price = 4.66 + 1.4 * weight
    if weight > 6.0:
        price += 0.6 * (weight - 6.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def quarry_isles(order):
    """The tariff of quarry isles."""
    weight = rounded_up(volume_weight(order))
    price = 6.47 + 0.87 * weight
    if weight > 9.3:
        price += 0.38 * (weight - 9.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.15 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ridge_coast(order):
    """The tariff of ridge coast."""
    weight = rounded_up(volume_weight(order))
    price = 2.55 + 1.41 * weight
    if weight > 9.5:
        price += 0.74 * (weight - 9.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.16 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ridge_hills(order):
    """The tariff of ridge hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.41 + 1.07 * weight
    if weight > 9.1:
        price += 0.56 * (weight - 9.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.24 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ridge_town(order):
    """The tariff of ridge town."""
    weight = rounded_up(volume_weight(order))
    price = 3.58 + 0.61 * weight
    if weight > 5.2:
        price += 0.26 * (weight - 5.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.06 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ridge_river(order):
    """The tariff of ridge river."""
    weight = rounded_up(volume_weight(order))
    price = 5.56 + 1.03 * weight
    if weight > 10.3:
        price += 0.1 * (weight - 10.3)
    if order["distance"] > NEAR:
        price *= 1 + 0.17 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def ridge_isles(order):
    """The tariff of ridge isles."""
    weight = rounded_up(volume_weight(order))
    price = 5.56 + 1.18 * weight
    if weight > 8.0:
        price += 0.47 * (weight - 8.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.07 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def shore_coast(order):
    """The tariff of shore coast."""
    weight = rounded_up(volume_weight(order))
    price = 2.62 + 0.67 * weight
    if weight > 7.6:
        price += 0.41 * (weight - 7.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.27 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def shore_hills(order):
    """The tariff of shore hills."""
    weight = rounded_up(volume_weight(order))
    price = 2.61 + 0.78 * weight
    if weight > 6.9:
        price += 0.23 * (weight - 6.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.12 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def shore_town(order):
    """The tariff of shore town."""
    weight = rounded_up(volume_weight(order))
    price = 2.94 + 1.03 * weight
    if weight > 5.2:
        price += 0.84 * (weight - 5.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def shore_river(order):
    """The tariff of shore river."""
    weight = rounded_up(volume_weight(order))
    price = 5.75 + 1.26 * weight
    if weight > 9.7:
        price += 0.48 * (weight - 9.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.29 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def shore_isles(order):
    """The tariff of shore isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.47 + 1.24 * weight
    if weight > 7.0:
        price += 0.64 * (weight - 7.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.23 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def thorn_coast(order):
    """The tariff of thorn coast."""
    weight = rounded_up(volume_weight(order))
    price = 2.65 + 0.72 * weight
    if weight > 5.2:
        price += 0.28 * (weight - 5.2)
    if order["distance"] > NEAR:
        price *= 1 + 0.07 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def thorn_hills(order):
    """The tariff of thorn hills."""
    weight = rounded_up(volume_weight(order))
    price = 3.6 + 1.57 * weight
    if weight > 7.5:
        price += 0.35 * (weight - 7.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.17 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def thorn_town(order):
    """The tariff of thorn town."""
    weight = rounded_up(volume_weight(order))
    price = 3.13 + 1.31 * weight
    if weight > 10.0:
        price += 0.23 * (weight - 10.0)
    if order["distance"] > NEAR:
        price *= 1 + 0.11 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def thorn_river(order):
    """The tariff of thorn river."""
    weight = rounded_up(volume_weight(order))
    price = 4.69 + 1.53 * weight
    if weight > 9.5:
        price += 0.44 * (weight - 9.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.29 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def thorn_isles(order):
    """The tariff of thorn isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.03 + 0.57 * weight
    if weight > 10.5:
        price += 0.43 * (weight - 10.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.06 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def upland_coast(order):
    """The tariff of upland coast."""
    weight = rounded_up(volume_weight(order))
    price = 4.19 + 1.59 * weight
    if weight > 8.6:
        price += 0.38 * (weight - 8.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.07 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def upland_hills(order):
    """The tariff of upland hills."""
    weight = rounded_up(volume_weight(order))
    price = 2.28 + 1.49 * weight
    if weight > 8.4:
        price += 0.85 * (weight - 8.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.06 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def upland_town(order):
    """The tariff of upland town."""
    weight = rounded_up(volume_weight(order))
    price = 2.97 + 0.56 * weight
    if weight > 7.8:
        price += 0.15 * (weight - 7.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.11 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def upland_river(order):
    """The tariff of upland river."""
    weight = rounded_up(volume_weight(order))
    price = 3.63 + 0.84 * weight
    if weight > 5.4:
        price += 0.13 * (weight - 5.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.29 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def upland_isles(order):
    """The tariff of upland isles."""
    weight = rounded_up(volume_weight(order))
    price = 2.72 + 1.06 * weight
    if weight > 7.8:
        price += 0.53 * (weight - 7.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.07 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def valley_coast(order):
    """The tariff of valley coast."""
    weight = rounded_up(volume_weight(order))
    price = 3.26 + 0.62 * weight
    if weight > 8.8:
        price += 0.84 * (weight - 8.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.2 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def valley_hills(order):
    """The tariff of valley hills."""
    weight = rounded_up(volume_weight(order))
    price = 5.43 + 0.74 * weight
    if weight > 5.1:
        price += 0.53 * (weight - 5.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.17 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def valley_town(order):
    """The tariff of valley town."""
    weight = rounded_up(volume_weight(order))
    price = 4.29 + 0.91 * weight
    if weight > 9.4:
        price += 0.68 * (weight - 9.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.28 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def valley_river(order):
    """The tariff of valley river."""
    weight = rounded_up(volume_weight(order))
    price = 3.23 + 0.99 * weight
    if weight > 10.8:
        price += 0.28 * (weight - 10.8)
    if order["distance"] > NEAR:
        price *= 1 + 0.08 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def valley_isles(order):
    """The tariff of valley isles."""
    weight = rounded_up(volume_weight(order))
    price = 3.25 + 0.6 * weight
    if weight > 10.4:
        price += 0.76 * (weight - 10.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.13 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def weald_coast(order):
    """The tariff of weald coast."""
    weight = rounded_up(volume_weight(order))
    price = 2.52 + 0.59 * weight
    if weight > 6.7:
        price += 0.17 * (weight - 6.7)
    if order["distance"] > NEAR:
        price *= 1 + 0.16 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def weald_hills(order):
    """The tariff of weald hills."""
    weight = rounded_up(volume_weight(order))
    price = 4.31 + 0.77 * weight
    if weight > 5.4:
        price += 0.66 * (weight - 5.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.06 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def weald_town(order):
    """The tariff of weald town."""
    weight = rounded_up(volume_weight(order))
    price = 2.8 + 0.81 * weight
    if weight > 7.6:
        price += 0.18 * (weight - 7.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.16 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def weald_river(order):
    """The tariff of weald river."""
    weight = rounded_up(volume_weight(order))
    price = 3.26 + 1.33 * weight
    if weight > 8.9:
        price += 0.82 * (weight - 8.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.21 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def weald_isles(order):
    """The tariff of weald isles."""
    weight = rounded_up(volume_weight(order))
    price = 5.04 + 1.13 * weight
    if weight > 8.1:
        price += 0.75 * (weight - 8.1)
    if order["distance"] > NEAR:
        price *= 1 + 0.21 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def yonder_coast(order):
    """The tariff of yonder coast."""
    weight = rounded_up(volume_weight(order))
    price = 5.82 + 1.3 * weight
    if weight > 9.9:
        price += 0.31 * (weight - 9.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.25 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def yonder_hills(order):
    """The tariff of yonder hills."""
    weight = rounded_up(volume_weight(order))
    price = 3.53 + 0.64 * weight
    if weight > 5.5:
        price += 0.24 * (weight - 5.5)
    if order["distance"] > NEAR:
        price *= 1 + 0.12 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def yonder_town(order):
    """The tariff of yonder town."""
    weight = rounded_up(volume_weight(order))
    price = 4.7 + 0.81 * weight
    if weight > 5.4:
        price += 0.71 * (weight - 5.4)
    if order["distance"] > NEAR:
        price *= 1 + 0.19 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def yonder_river(order):
    """The tariff of yonder river."""
    weight = rounded_up(volume_weight(order))
    price = 2.11 + 0.56 * weight
    if weight > 5.9:
        price += 0.39 * (weight - 5.9)
    if order["distance"] > NEAR:
        price *= 1 + 0.26 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


def yonder_isles(order):
    """The tariff of yonder isles."""
    weight = rounded_up(volume_weight(order))
    price = 5.8 + 1.17 * weight
    if weight > 6.6:
        price += 0.44 * (weight - 6.6)
    if order["distance"] > NEAR:
        price *= 1 + 0.14 * math.log(order["distance"] / NEAR)
    if order["express"]:
        price = price * EXPRESS + EXPRESS_FEE
    if order["value"] > INSURED:
        price += INSURANCE * (order["value"] - INSURED)
    if order["count"] >= MANY:
        price *= 1 - REBATE
    return price


TARIFFS = {
    "amber_coast": amber_coast,
    "amber_hills": amber_hills,
    "amber_town": amber_town,
    "amber_river": amber_river,
    "amber_isles": amber_isles,
    "birch_coast": birch_coast,
    "birch_hills": birch_hills,
    "birch_town": birch_town,
    "birch_river": birch_river,
    "birch_isles": birch_isles,
    "cedar_coast": cedar_coast,
    "cedar_hills": cedar_hills,
    "cedar_town": cedar_town,
    "cedar_river": cedar_river,
    "cedar_isles": cedar_isles,
    "delta_coast": delta_coast,
    "delta_hills": delta_hills,
    "delta_town": delta_town,
    "delta_river": delta_river,
    "delta_isles": delta_isles,
    "ember_coast": ember_coast,
    "ember_hills": ember_hills,
    "ember_town": ember_town,
    "ember_river": ember_river,
    "ember_isles": ember_isles,
    "fjord_coast": fjord_coast,
    "fjord_hills": fjord_hills,
    "fjord_town": fjord_town,
    "fjord_river": fjord_river,
    "fjord_isles": fjord_isles,
    "grove_coast": grove_coast,
    "grove_hills": grove_hills,
    "grove_town": grove_town,
    "grove_river": grove_river,
    "grove_isles": grove_isles,
    "heath_coast": heath_coast,
    "heath_hills": heath_hills,
    "heath_town": heath_town,
    "heath_river": heath_river,
    "heath_isles": heath_isles,
    "islet_coast": islet_coast,
    "islet_hills": islet_hills,
    "islet_town": islet_town,
    "islet_river": islet_river,
    "islet_isles": islet_isles,
    "jetty_coast": jetty_coast,
    "jetty_hills": jetty_hills,
    "jetty_town": jetty_town,
    "jetty_river": jetty_river,
    "jetty_isles": jetty_isles,
    "knoll_coast": knoll_coast,
    "knoll_hills": knoll_hills,
    "knoll_town": knoll_town,
    "knoll_river": knoll_river,
    "knoll_isles": knoll_isles,
    "ledge_coast": ledge_coast,
    "ledge_hills": ledge_hills,
    "ledge_town": ledge_town,
    "ledge_river": ledge_river,
    "ledge_isles": ledge_isles,
    "marsh_coast": marsh_coast,
    "marsh_hills": marsh_hills,
    "marsh_town": marsh_town,
    "marsh_river": marsh_river,
    "marsh_isles": marsh_isles,
    "north_coast": north_coast,
    "north_hills": north_hills,
    "north_town": north_town,
    "north_river": north_river,
    "north_isles": north_isles,
    "ocean_coast": ocean_coast,
    "ocean_hills": ocean_hills,
    "ocean_town": ocean_town,
    "ocean_river": ocean_river,
    "ocean_isles": ocean_isles,
    "plain_coast": plain_coast,
    "plain_hills": plain_hills,
    "plain_town": plain_town,
    "plain_river": plain_river,
    "plain_isles": plain_isles,
    "quarry_coast": quarry_coast,
    "quarry_hills": quarry_hills,
    "quarry_town": quarry_town,
    "quarry_river": quarry_river,
    "quarry_isles": quarry_isles,
    "ridge_coast": ridge_coast,
    "ridge_hills": ridge_hills,
    "ridge_town": ridge_town,
    "ridge_river": ridge_river,
    "ridge_isles": ridge_isles,
    "shore_coast": shore_coast,
    "shore_hills": shore_hills,
    "shore_town": shore_town,
    "shore_river": shore_river,
    "shore_isles": shore_isles,
    "thorn_coast": thorn_coast,
    "thorn_hills": thorn_hills,
    "thorn_town": thorn_town,
    "thorn_river": thorn_river,
    "thorn_isles": thorn_isles,
    "upland_coast": upland_coast,
    "upland_hills": upland_hills,
    "upland_town": upland_town,
    "upland_river": upland_river,
    "upland_isles": upland_isles,
    "valley_coast": valley_coast,
    "valley_hills": valley_hills,
    "valley_town": valley_town,
    "valley_river": valley_river,
    "valley_isles": valley_isles,
    "weald_coast": weald_coast,
    "weald_hills": weald_hills,
    "weald_town": weald_town,
    "weald_river": weald_river,
    "weald_isles": weald_isles,
    "yonder_coast": yonder_coast,
    "yonder_hills": yonder_hills,
    "yonder_town": yonder_town,
    "yonder_river": yonder_river,
    "yonder_isles": yonder_isles,
}


def quote(order):
    """The price of an order in its zone, to the cent."""
    return round(TARIFFS[order["zone"]](order), 2)
