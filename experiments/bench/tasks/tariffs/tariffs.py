"""What it costs to send a parcel: one tariff a zone, with surcharges, discounts and insurance."""

import math


def volume_weight(order):
    """The weight that counts, which is never below that of the volume."""
    volume = order["length"] * order["width"] * order["height"]
    return max(order["weight"], volume / 5000.0)


def rounded_up(weight, step):
    """The next multiple of `step`."""
    return step * math.ceil(weight / step - 1e-9)


def amber_coast(order):
    """The tariff of amber coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.97 + 1.37 * weight
    if weight > 11.6:
        price += 0.69 * (weight - 11.6)
    if order["distance"] > 90:
        price *= 1 + 0.26 * math.log(order["distance"] / 90)
    if order["express"]:
        price = price * 1.74 + 2.0
    if order["value"] > 100:
        price += 0.0275 * (order["value"] - 100)
    if order["count"] >= 3:
        price *= 1 - 0.07
    return price


def amber_hills(order):
    """The tariff of amber hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.52 + 0.61 * weight
    if weight > 6.7:
        price += 0.68 * (weight - 6.7)
    if order["distance"] > 340:
        price *= 1 + 0.12 * math.log(order["distance"] / 340)
    if order["express"]:
        price = price * 1.84 + 4.06
    if order["value"] > 200:
        price += 0.024 * (order["value"] - 200)
    if order["count"] >= 3:
        price *= 1 - 0.05
    return price


def amber_town(order):
    """The tariff of amber town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.51 + 0.5 * weight
    if weight > 11.1:
        price += 0.27 * (weight - 11.1)
    if order["distance"] > 210:
        price *= 1 + 0.29 * math.log(order["distance"] / 210)
    if order["express"]:
        price = price * 1.32 + 1.67
    if order["value"] > 350:
        price += 0.029 * (order["value"] - 350)
    if order["count"] >= 7:
        price *= 1 - 0.14
    return price


def amber_river(order):
    """The tariff of amber river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.73 + 1.57 * weight
    if weight > 6.4:
        price += 0.87 * (weight - 6.4)
    if order["distance"] > 320:
        price *= 1 + 0.12 * math.log(order["distance"] / 320)
    if order["express"]:
        price = price * 1.45 + 1.66
    if order["value"] > 200:
        price += 0.0116 * (order["value"] - 200)
    if order["count"] >= 5:
        price *= 1 - 0.07
    return price


def amber_isles(order):
    """The tariff of amber isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.38 + 1.28 * weight
    if weight > 5.5:
        price += 0.38 * (weight - 5.5)
    if order["distance"] > 270:
        price *= 1 + 0.17 * math.log(order["distance"] / 270)
    if order["express"]:
        price = price * 1.42 + 2.92
    if order["value"] > 200:
        price += 0.0064 * (order["value"] - 200)
    if order["count"] >= 3:
        price *= 1 - 0.14
    return price


def birch_coast(order):
    """The tariff of birch coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.38 + 0.52 * weight
    if weight > 10.5:
        price += 0.39 * (weight - 10.5)
    if order["distance"] > 80:
        price *= 1 + 0.16 * math.log(order["distance"] / 80)
    if order["express"]:
        price = price * 1.7 + 3.49
    if order["value"] > 250:
        price += 0.008 * (order["value"] - 250)
    if order["count"] >= 4:
        price *= 1 - 0.14
    return price


def birch_hills(order):
    """The tariff of birch hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.38 + 0.89 * weight
    if weight > 8.7:
        price += 0.72 * (weight - 8.7)
    if order["distance"] > 140:
        price *= 1 + 0.2 * math.log(order["distance"] / 140)
    if order["express"]:
        price = price * 1.75 + 2.47
    if order["value"] > 300:
        price += 0.0059 * (order["value"] - 300)
    if order["count"] >= 3:
        price *= 1 - 0.06
    return price


def birch_town(order):
    """The tariff of birch town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.67 + 0.87 * weight
    if weight > 11.5:
        price += 0.54 * (weight - 11.5)
    if order["distance"] > 270:
        price *= 1 + 0.22 * math.log(order["distance"] / 270)
    if order["express"]:
        price = price * 1.41 + 4.2
    if order["value"] > 200:
        price += 0.023 * (order["value"] - 200)
    if order["count"] >= 5:
        price *= 1 - 0.15
    return price


def birch_river(order):
    """The tariff of birch river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.88 + 0.59 * weight
    if weight > 9.2:
        price += 0.84 * (weight - 9.2)
    if order["distance"] > 100:
        price *= 1 + 0.11 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.62 + 4.31
    if order["value"] > 450:
        price += 0.0213 * (order["value"] - 450)
    if order["count"] >= 4:
        price *= 1 - 0.04
    return price


def birch_isles(order):
    """The tariff of birch isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.21 + 0.87 * weight
    if weight > 6.4:
        price += 0.89 * (weight - 6.4)
    if order["distance"] > 160:
        price *= 1 + 0.21 * math.log(order["distance"] / 160)
    if order["express"]:
        price = price * 1.75 + 1.43
    if order["value"] > 400:
        price += 0.0143 * (order["value"] - 400)
    if order["count"] >= 3:
        price *= 1 - 0.13
    return price


def cedar_coast(order):
    """The tariff of cedar coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.56 + 1.51 * weight
    if weight > 9.3:
        price += 0.24 * (weight - 9.3)
    if order["distance"] > 370:
        price *= 1 + 0.29 * math.log(order["distance"] / 370)
    if order["express"]:
        price = price * 1.68 + 2.27
    if order["value"] > 300:
        price += 0.0123 * (order["value"] - 300)
    if order["count"] >= 6:
        price *= 1 - 0.14
    return price


def cedar_hills(order):
    """The tariff of cedar hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.51 + 1.59 * weight
    if weight > 11.7:
        price += 0.6 * (weight - 11.7)
    if order["distance"] > 390:
        price *= 1 + 0.27 * math.log(order["distance"] / 390)
    if order["express"]:
        price = price * 1.33 + 2.97
    if order["value"] > 500:
        price += 0.0246 * (order["value"] - 500)
    if order["count"] >= 7:
        price *= 1 - 0.07
    return price


def cedar_town(order):
    """The tariff of cedar town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.78 + 1.23 * weight
    if weight > 10.3:
        price += 0.39 * (weight - 10.3)
    if order["distance"] > 250:
        price *= 1 + 0.26 * math.log(order["distance"] / 250)
    if order["express"]:
        price = price * 1.39 + 4.92
    if order["value"] > 300:
        price += 0.0289 * (order["value"] - 300)
    if order["count"] >= 5:
        price *= 1 - 0.11
    return price


def cedar_river(order):
    """The tariff of cedar river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.9 + 1.35 * weight
    if weight > 7.3:
        price += 0.32 * (weight - 7.3)
    if order["distance"] > 260:
        price *= 1 + 0.25 * math.log(order["distance"] / 260)
    if order["express"]:
        price = price * 1.65 + 4.19
    if order["value"] > 350:
        price += 0.0118 * (order["value"] - 350)
    if order["count"] >= 5:
        price *= 1 - 0.12
    return price


def cedar_isles(order):
    """The tariff of cedar isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.4 + 1.43 * weight
    if weight > 11.1:
        price += 0.65 * (weight - 11.1)
    if order["distance"] > 310:
        price *= 1 + 0.29 * math.log(order["distance"] / 310)
    if order["express"]:
        price = price * 1.56 + 3.12
    if order["value"] > 200:
        price += 0.01 * (order["value"] - 200)
    if order["count"] >= 5:
        price *= 1 - 0.14
    return price


def delta_coast(order):
    """The tariff of delta coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.13 + 0.59 * weight
    if weight > 9.7:
        price += 0.43 * (weight - 9.7)
    if order["distance"] > 340:
        price *= 1 + 0.13 * math.log(order["distance"] / 340)
    if order["express"]:
        price = price * 1.59 + 4.47
    if order["value"] > 300:
        price += 0.023 * (order["value"] - 300)
    if order["count"] >= 3:
        price *= 1 - 0.05
    return price


def delta_hills(order):
    """The tariff of delta hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.5 + 0.7 * weight
    if weight > 10.3:
        price += 0.24 * (weight - 10.3)
    if order["distance"] > 100:
        price *= 1 + 0.3 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.89 + 1.66
    if order["value"] > 200:
        price += 0.0078 * (order["value"] - 200)
    if order["count"] >= 4:
        price *= 1 - 0.09
    return price


def delta_town(order):
    """The tariff of delta town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.66 + 0.89 * weight
    if weight > 9.6:
        price += 0.16 * (weight - 9.6)
    if order["distance"] > 210:
        price *= 1 + 0.11 * math.log(order["distance"] / 210)
    if order["express"]:
        price = price * 1.83 + 1.0
    if order["value"] > 400:
        price += 0.0288 * (order["value"] - 400)
    if order["count"] >= 6:
        price *= 1 - 0.13
    return price


def delta_river(order):
    """The tariff of delta river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.86 + 1.1 * weight
    if weight > 7.1:
        price += 0.34 * (weight - 7.1)
    if order["distance"] > 290:
        price *= 1 + 0.29 * math.log(order["distance"] / 290)
    if order["express"]:
        price = price * 1.41 + 2.41
    if order["value"] > 200:
        price += 0.0155 * (order["value"] - 200)
    if order["count"] >= 7:
        price *= 1 - 0.11
    return price


def delta_isles(order):
    """The tariff of delta isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.87 + 0.67 * weight
    if weight > 7.7:
        price += 0.48 * (weight - 7.7)
    if order["distance"] > 200:
        price *= 1 + 0.29 * math.log(order["distance"] / 200)
    if order["express"]:
        price = price * 1.63 + 2.4
    if order["value"] > 100:
        price += 0.0145 * (order["value"] - 100)
    if order["count"] >= 5:
        price *= 1 - 0.1
    return price


def ember_coast(order):
    """The tariff of ember coast."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.3 + 1.46 * weight
    if weight > 9.0:
        price += 0.44 * (weight - 9.0)
    if order["distance"] > 220:
        price *= 1 + 0.17 * math.log(order["distance"] / 220)
    if order["express"]:
        price = price * 1.54 + 3.83
    if order["value"] > 400:
        price += 0.029 * (order["value"] - 400)
    if order["count"] >= 4:
        price *= 1 - 0.1
    return price


def ember_hills(order):
    """The tariff of ember hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.96 + 0.83 * weight
    if weight > 6.8:
        price += 0.12 * (weight - 6.8)
    if order["distance"] > 270:
        price *= 1 + 0.17 * math.log(order["distance"] / 270)
    if order["express"]:
        price = price * 1.4 + 2.91
    if order["value"] > 150:
        price += 0.0215 * (order["value"] - 150)
    if order["count"] >= 6:
        price *= 1 - 0.06
    return price


def ember_town(order):
    """The tariff of ember town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.13 + 1.41 * weight
    if weight > 5.1:
        price += 0.53 * (weight - 5.1)
    if order["distance"] > 250:
        price *= 1 + 0.11 * math.log(order["distance"] / 250)
    if order["express"]:
        price = price * 1.53 + 1.15
    if order["value"] > 450:
        price += 0.0117 * (order["value"] - 450)
    if order["count"] >= 4:
        price *= 1 - 0.12
    return price


def ember_river(order):
    """The tariff of ember river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.17 + 1.17 * weight
    if weight > 8.3:
        price += 0.62 * (weight - 8.3)
    if order["distance"] > 150:
        price *= 1 + 0.05 * math.log(order["distance"] / 150)
    if order["express"]:
        price = price * 1.29 + 2.13
    if order["value"] > 350:
        price += 0.0203 * (order["value"] - 350)
    if order["count"] >= 8:
        price *= 1 - 0.09
    return price


def ember_isles(order):
    """The tariff of ember isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.4 + 1.25 * weight
    if weight > 10.7:
        price += 0.21 * (weight - 10.7)
    if order["distance"] > 80:
        price *= 1 + 0.11 * math.log(order["distance"] / 80)
    if order["express"]:
        price = price * 1.52 + 4.67
    if order["value"] > 500:
        price += 0.0098 * (order["value"] - 500)
    if order["count"] >= 6:
        price *= 1 - 0.12
    return price


def fjord_coast(order):
    """The tariff of fjord coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.38 + 1.26 * weight
    if weight > 11.7:
        price += 0.62 * (weight - 11.7)
    if order["distance"] > 320:
        price *= 1 + 0.17 * math.log(order["distance"] / 320)
    if order["express"]:
        price = price * 1.68 + 3.88
    if order["value"] > 300:
        price += 0.0166 * (order["value"] - 300)
    if order["count"] >= 3:
        price *= 1 - 0.07
    return price


def fjord_hills(order):
    """The tariff of fjord hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.78 + 0.98 * weight
    if weight > 7.0:
        price += 0.72 * (weight - 7.0)
    if order["distance"] > 270:
        price *= 1 + 0.09 * math.log(order["distance"] / 270)
    if order["express"]:
        price = price * 1.53 + 3.2
    if order["value"] > 450:
        price += 0.0293 * (order["value"] - 450)
    if order["count"] >= 7:
        price *= 1 - 0.05
    return price


def fjord_town(order):
    """The tariff of fjord town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.27 + 1.42 * weight
    if weight > 10.7:
        price += 0.73 * (weight - 10.7)
    if order["distance"] > 90:
        price *= 1 + 0.04 * math.log(order["distance"] / 90)
    if order["express"]:
        price = price * 1.5 + 1.27
    if order["value"] > 400:
        price += 0.0225 * (order["value"] - 400)
    if order["count"] >= 3:
        price *= 1 - 0.04
    return price


def fjord_river(order):
    """The tariff of fjord river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.88 + 1.21 * weight
    if weight > 11.7:
        price += 0.67 * (weight - 11.7)
    if order["distance"] > 160:
        price *= 1 + 0.3 * math.log(order["distance"] / 160)
    if order["express"]:
        price = price * 1.69 + 2.75
    if order["value"] > 200:
        price += 0.0203 * (order["value"] - 200)
    if order["count"] >= 6:
        price *= 1 - 0.13
    return price


def fjord_isles(order):
    """The tariff of fjord isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.49 + 0.55 * weight
    if weight > 5.8:
        price += 0.4 * (weight - 5.8)
    if order["distance"] > 120:
        price *= 1 + 0.12 * math.log(order["distance"] / 120)
    if order["express"]:
        price = price * 1.6 + 1.47
    if order["value"] > 400:
        price += 0.027 * (order["value"] - 400)
    if order["count"] >= 4:
        price *= 1 - 0.03
    return price


def grove_coast(order):
    """The tariff of grove coast."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.26 + 1.16 * weight
    if weight > 8.4:
        price += 0.85 * (weight - 8.4)
    if order["distance"] > 310:
        price *= 1 + 0.28 * math.log(order["distance"] / 310)
    if order["express"]:
        price = price * 1.3 + 2.18
    if order["value"] > 550:
        price += 0.0208 * (order["value"] - 550)
    if order["count"] >= 7:
        price *= 1 - 0.06
    return price


def grove_hills(order):
    """The tariff of grove hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.05 + 1.11 * weight
    if weight > 6.8:
        price += 0.7 * (weight - 6.8)
    if order["distance"] > 160:
        price *= 1 + 0.25 * math.log(order["distance"] / 160)
    if order["express"]:
        price = price * 1.8 + 2.81
    if order["value"] > 400:
        price += 0.0095 * (order["value"] - 400)
    if order["count"] >= 8:
        price *= 1 - 0.03
    return price


def grove_town(order):
    """The tariff of grove town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.34 + 1.23 * weight
    if weight > 5.6:
        price += 0.2 * (weight - 5.6)
    if order["distance"] > 370:
        price *= 1 + 0.11 * math.log(order["distance"] / 370)
    if order["express"]:
        price = price * 1.81 + 2.92
    if order["value"] > 350:
        price += 0.0077 * (order["value"] - 350)
    if order["count"] >= 7:
        price *= 1 - 0.03
    return price


def grove_river(order):
    """The tariff of grove river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.21 + 0.67 * weight
    if weight > 11.7:
        price += 0.64 * (weight - 11.7)
    if order["distance"] > 220:
        price *= 1 + 0.24 * math.log(order["distance"] / 220)
    if order["express"]:
        price = price * 1.26 + 4.65
    if order["value"] > 450:
        price += 0.0255 * (order["value"] - 450)
    if order["count"] >= 4:
        price *= 1 - 0.11
    return price


def grove_isles(order):
    """The tariff of grove isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.42 + 0.76 * weight
    if weight > 7.3:
        price += 0.59 * (weight - 7.3)
    if order["distance"] > 300:
        price *= 1 + 0.25 * math.log(order["distance"] / 300)
    if order["express"]:
        price = price * 1.46 + 3.89
    if order["value"] > 350:
        price += 0.0212 * (order["value"] - 350)
    if order["count"] >= 8:
        price *= 1 - 0.08
    return price


def heath_coast(order):
    """The tariff of heath coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.07 + 1.15 * weight
    if weight > 9.0:
        price += 0.69 * (weight - 9.0)
    if order["distance"] > 330:
        price *= 1 + 0.07 * math.log(order["distance"] / 330)
    if order["express"]:
        price = price * 1.23 + 1.75
    if order["value"] > 250:
        price += 0.006 * (order["value"] - 250)
    if order["count"] >= 6:
        price *= 1 - 0.11
    return price


def heath_hills(order):
    """The tariff of heath hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.0 + 1.02 * weight
    if weight > 11.2:
        price += 0.6 * (weight - 11.2)
    if order["distance"] > 350:
        price *= 1 + 0.13 * math.log(order["distance"] / 350)
    if order["express"]:
        price = price * 1.52 + 1.77
    if order["value"] > 200:
        price += 0.0068 * (order["value"] - 200)
    if order["count"] >= 6:
        price *= 1 - 0.13
    return price


def heath_town(order):
    """The tariff of heath town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.61 + 0.78 * weight
    if weight > 6.9:
        price += 0.23 * (weight - 6.9)
    if order["distance"] > 260:
        price *= 1 + 0.22 * math.log(order["distance"] / 260)
    if order["express"]:
        price = price * 1.22 + 4.59
    if order["value"] > 350:
        price += 0.0281 * (order["value"] - 350)
    if order["count"] >= 5:
        price *= 1 - 0.07
    return price


def heath_river(order):
    """The tariff of heath river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.75 - 1.24 * weight
    if weight > 8.3:
        price += 0.86 * (weight - 8.3)
    if order["distance"] > 150:
        price *= 1 + 0.25 * math.log(order["distance"] / 150)
    if order["express"]:
        price = price * 1.43 + 2.82
    if order["value"] > 250:
        price += 0.0232 * (order["value"] - 250)
    if order["count"] >= 4:
        price *= 1 - 0.03
    return price


def heath_isles(order):
    """The tariff of heath isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.3 + 1.22 * weight
    if weight > 9.3:
        price += 0.83 * (weight - 9.3)
    if order["distance"] > 310:
        price *= 1 + 0.22 * math.log(order["distance"] / 310)
    if order["express"]:
        price = price * 1.33 + 2.45
    if order["value"] > 150:
        price += 0.0233 * (order["value"] - 150)
    if order["count"] >= 8:
        price *= 1 - 0.09
    return price


def islet_coast(order):
    """The tariff of islet coast."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.7 + 0.73 * weight
    if weight > 5.3:
        price += 0.59 * (weight - 5.3)
    if order["distance"] > 250:
        price *= 1 + 0.05 * math.log(order["distance"] / 250)
    if order["express"]:
        price = price * 1.24 + 4.12
    if order["value"] > 400:
        price += 0.0092 * (order["value"] - 400)
    if order["count"] >= 3:
        price *= 1 - 0.1
    return price


def islet_hills(order):
    """The tariff of islet hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.76 + 1.29 * weight
    if weight > 6.7:
        price += 0.74 * (weight - 6.7)
    if order["distance"] > 130:
        price *= 1 + 0.28 * math.log(order["distance"] / 130)
    if order["express"]:
        price = price * 1.24 + 1.97
    if order["value"] > 100:
        price += 0.0174 * (order["value"] - 100)
    if order["count"] >= 3:
        price *= 1 - 0.04
    return price


def islet_town(order):
    """The tariff of islet town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.78 + 1.2 * weight
    if weight > 11.1:
        price += 0.86 * (weight - 11.1)
    if order["distance"] > 200:
        price *= 1 + 0.09 * math.log(order["distance"] / 200)
    if order["express"]:
        price = price * 1.56 + 2.61
    if order["value"] > 500:
        price += 0.0108 * (order["value"] - 500)
    if order["count"] >= 5:
        price *= 1 - 0.12
    return price


def islet_river(order):
    """The tariff of islet river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.17 + 1.51 * weight
    if weight > 9.2:
        price += 0.79 * (weight - 9.2)
    if order["distance"] > 210:
        price *= 1 + 0.21 * math.log(order["distance"] / 210)
    if order["express"]:
        price = price * 1.51 + 2.43
    if order["value"] > 400:
        price += 0.0193 * (order["value"] - 400)
    if order["count"] >= 6:
        price *= 1 - 0.09
    return price


def islet_isles(order):
    """The tariff of islet isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.9 + 1.5 * weight
    if weight > 7.2:
        price += 0.46 * (weight - 7.2)
    if order["distance"] > 220:
        price *= 1 + 0.19 * math.log(order["distance"] / 220)
    if order["express"]:
        price = price * 1.3 + 2.93
    if order["value"] > 300:
        price += 0.0255 * (order["value"] - 300)
    if order["count"] >= 5:
        price *= 1 - 0.05
    return price


def jetty_coast(order):
    """The tariff of jetty coast."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.89 + 1.27 * weight
    if weight > 10.6:
        price += 0.87 * (weight - 10.6)
    if order["distance"] > 230:
        price *= 1 + 0.12 * math.log(order["distance"] / 230)
    if order["express"]:
        price = price * 1.54 + 2.0
    if order["value"] > 250:
        price += 0.0249 * (order["value"] - 250)
    if order["count"] >= 5:
        price *= 1 - 0.14
    return price


def jetty_hills(order):
    """The tariff of jetty hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.68 + 0.85 * weight
    if weight > 10.3:
        price += 0.54 * (weight - 10.3)
    if order["distance"] > 260:
        price *= 1 + 0.21 * math.log(order["distance"] / 260)
    if order["express"]:
        price = price * 1.73 + 3.3
    if order["value"] > 450:
        price += 0.0086 * (order["value"] - 450)
    if order["count"] >= 8:
        price *= 1 - 0.11
    return price


def jetty_town(order):
    """The tariff of jetty town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.91 + 1.27 * weight
    if weight > 6.9:
        price += 0.75 * (weight - 6.9)
    if order["distance"] > 320:
        price *= 1 + 0.19 * math.log(order["distance"] / 320)
    if order["express"]:
        price = price * 1.42 + 2.23
    if order["value"] > 200:
        price += 0.0116 * (order["value"] - 200)
    if order["count"] >= 8:
        price *= 1 - 0.07
    return price


def jetty_river(order):
    """The tariff of jetty river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.25 + 1.34 * weight
    if weight > 8.9:
        price += 0.12 * (weight - 8.9)
    if order["distance"] > 110:
        price *= 1 + 0.29 * math.log(order["distance"] / 110)
    if order["express"]:
        price = price * 1.78 + 2.74
    if order["value"] > 300:
        price += 0.0287 * (order["value"] - 300)
    if order["count"] >= 7:
        price *= 1 - 0.03
    return price


def jetty_isles(order):
    """The tariff of jetty isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.5 + 0.72 * weight
    if weight > 7.5:
        price += 0.23 * (weight - 7.5)
    if order["distance"] > 180:
        price *= 1 + 0.23 * math.log(order["distance"] / 180)
    if order["express"]:
        price = price * 1.27 + 3.12
    if order["value"] > 200:
        price += 0.0208 * (order["value"] - 200)
    if order["count"] >= 4:
        price *= 1 - 0.08
    return price


def knoll_coast(order):
    """The tariff of knoll coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.18 + 0.63 * weight
    if weight > 7.2:
        price += 0.83 * (weight - 7.2)
    if order["distance"] > 370:
        price *= 1 + 0.2 * math.log(order["distance"] / 370)
    if order["express"]:
        price = price * 1.32 + 1.19
    if order["value"] > 200:
        price += 0.0183 * (order["value"] - 200)
    if order["count"] >= 6:
        price *= 1 - 0.1
    return price


def knoll_hills(order):
    """The tariff of knoll hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.51 + 1.44 * weight
    if weight > 9.8:
        price += 0.27 * (weight - 9.8)
    if order["distance"] > 80:
        price *= 1 + 0.06 * math.log(order["distance"] / 80)
    if order["express"]:
        price = price * 1.6 + 2.93
    if order["value"] > 350:
        price += 0.0148 * (order["value"] - 350)
    if order["count"] >= 4:
        price *= 1 - 0.05
    return price


def knoll_town(order):
    """The tariff of knoll town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.21 + 1.07 * weight
    if weight > 10.4:
        price += 0.73 * (weight - 10.4)
    if order["distance"] > 310:
        price *= 1 + 0.14 * math.log(order["distance"] / 310)
    if order["express"]:
        price = price * 1.37 + 4.93
    if order["value"] > 100:
        price += 0.0205 * (order["value"] - 100)
    if order["count"] >= 6:
        price *= 1 - 0.07
    return price


def knoll_river(order):
    """The tariff of knoll river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.33 + 1.04 * weight
    if weight > 5.3:
        price += 0.24 * (weight - 5.3)
    if order["distance"] > 140:
        price *= 1 + 0.24 * math.log(order["distance"] / 140)
    if order["express"]:
        price = price * 1.4 + 4.68
    if order["value"] > 350:
        price += 0.0169 * (order["value"] - 350)
    if order["count"] >= 6:
        price *= 1 - 0.13
    return price


def knoll_isles(order):
    """The tariff of knoll isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.2 + 0.91 * weight
    if weight > 5.1:
        price += 0.51 * (weight - 5.1)
    if order["distance"] > 190:
        price *= 1 + 0.25 * math.log(order["distance"] / 190)
    if order["express"]:
        price = price * 1.22 + 3.71
    if order["value"] > 550:
        price += 0.0128 * (order["value"] - 550)
    if order["count"] >= 6:
        price *= 1 - 0.09
    return price


def ledge_coast(order):
    """The tariff of ledge coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.8 + 1.37 * weight
    if weight > 9.1:
        price += 0.85 * (weight - 9.1)
    if order["distance"] > 110:
        price *= 1 + 0.18 * math.log(order["distance"] / 110)
    if order["express"]:
        price = price * 1.76 + 2.45
    if order["value"] > 550:
        price += 0.0055 * (order["value"] - 550)
    if order["count"] >= 7:
        price *= 1 - 0.05
    return price


def ledge_hills(order):
    """The tariff of ledge hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.31 + 0.6 * weight
    if weight > 7.5:
        price += 0.56 * (weight - 7.5)
    if order["distance"] > 340:
        price *= 1 + 0.13 * math.log(order["distance"] / 340)
    if order["express"]:
        price = price * 1.85 + 2.1
    if order["value"] > 250:
        price += 0.0068 * (order["value"] - 250)
    if order["count"] >= 3:
        price *= 1 - 0.11
    return price


def ledge_town(order):
    """The tariff of ledge town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.59 + 1.26 * weight
    if weight > 10.9:
        price += 0.69 * (weight - 10.9)
    if order["distance"] > 210:
        price *= 1 + 0.17 * math.log(order["distance"] / 210)
    if order["express"]:
        price = price * 1.26 + 1.48
    if order["value"] > 350:
        price += 0.0294 * (order["value"] - 350)
    if order["count"] >= 7:
        price *= 1 - 0.08
    return price


def ledge_river(order):
    """The tariff of ledge river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.68 + 0.92 * weight
    if weight > 10.3:
        price += 0.52 * (weight - 10.3)
    if order["distance"] > 210:
        price *= 1 + 0.28 * math.log(order["distance"] / 210)
    if order["express"]:
        price = price * 1.63 + 2.55
    if order["value"] > 150:
        price += 0.0261 * (order["value"] - 150)
    if order["count"] >= 7:
        price *= 1 - 0.11
    return price


def ledge_isles(order):
    """The tariff of ledge isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.0 + 0.61 * weight
    if weight > 7.1:
        price += 0.74 * (weight - 7.1)
    if order["distance"] > 120:
        price *= 1 + 0.27 * math.log(order["distance"] / 120)
    if order["express"]:
        price = price * 1.32 + 3.53
    if order["value"] > 200:
        price += 0.0106 * (order["value"] - 200)
    if order["count"] >= 3:
        price *= 1 - 0.1
    return price


def marsh_coast(order):
    """The tariff of marsh coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.67 + 0.97 * weight
    if weight > 8.7:
        price += 0.82 * (weight - 8.7)
    if order["distance"] > 270:
        price *= 1 + 0.15 * math.log(order["distance"] / 270)
    if order["express"]:
        price = price * 1.26 + 4.56
    if order["value"] > 350:
        price += 0.0097 * (order["value"] - 350)
    if order["count"] >= 3:
        price *= 1 - 0.05
    return price


def marsh_hills(order):
    """The tariff of marsh hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.25 + 1.16 * weight
    if weight > 6.3:
        price += 0.25 * (weight - 6.3)
    if order["distance"] > 140:
        price *= 1 + 0.21 * math.log(order["distance"] / 140)
    if order["express"]:
        price = price * 1.68 + 3.92
    if order["value"] > 100:
        price += 0.0288 * (order["value"] - 100)
    if order["count"] >= 4:
        price *= 1 - 0.13
    return price


def marsh_town(order):
    """The tariff of marsh town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.27 + 1.44 * weight
    if weight > 9.5:
        price += 0.84 * (weight - 9.5)
    if order["distance"] > 220:
        price *= 1 + 0.27 * math.log(order["distance"] / 220)
    if order["express"]:
        price = price * 1.63 + 4.19
    if order["value"] > 150:
        price += 0.005 * (order["value"] - 150)
    if order["count"] >= 8:
        price *= 1 - 0.05
    return price


def marsh_river(order):
    """The tariff of marsh river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.34 + 0.9 * weight
    if weight > 10.3:
        price += 0.56 * (weight - 10.3)
    if order["distance"] > 360:
        price *= 1 + 0.23 * math.log(order["distance"] / 360)
    if order["express"]:
        price = price * 1.77 + 4.21
    if order["value"] > 500:
        price += 0.0289 * (order["value"] - 500)
    if order["count"] >= 8:
        price *= 1 - 0.13
    return price


def marsh_isles(order):
    """The tariff of marsh isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.46 + 1.4 * weight
    if weight > 6.4:
        price += 0.36 * (weight - 6.4)
    if order["distance"] > 190:
        price *= 1 + 0.16 * math.log(order["distance"] / 190)
    if order["express"]:
        price = price * 1.68 + 3.97
    if order["value"] > 150:
        price += 0.0111 * (order["value"] - 150)
    if order["count"] >= 7:
        price *= 1 - 0.09
    return price


def north_coast(order):
    """The tariff of north coast."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.47 + 1.16 * weight
    if weight > 7.6:
        price += 0.65 * (weight - 7.6)
    if order["distance"] > 390:
        price *= 1 + 0.15 * math.log(order["distance"] / 390)
    if order["express"]:
        price = price * 1.44 + 3.97
    if order["value"] > 450:
        price += 0.024 * (order["value"] - 450)
    if order["count"] >= 8:
        price *= 1 - 0.12
    return price


def north_hills(order):
    """The tariff of north hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.47 + 1.03 * weight
    if weight > 7.5:
        price += 0.69 * (weight - 7.5)
    if order["distance"] > 290:
        price *= 1 + 0.15 * math.log(order["distance"] / 290)
    if order["express"]:
        price = price * 1.4 + 3.0
    if order["value"] > 150:
        price += 0.0194 * (order["value"] - 150)
    if order["count"] >= 5:
        price *= 1 - 0.08
    return price


def north_town(order):
    """The tariff of north town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.08 + 0.56 * weight
    if weight > 7.9:
        price += 0.29 * (weight - 7.9)
    if order["distance"] > 120:
        price *= 1 + 0.09 * math.log(order["distance"] / 120)
    if order["express"]:
        price = price * 1.88 + 3.21
    if order["value"] > 400:
        price += 0.0296 * (order["value"] - 400)
    if order["count"] >= 7:
        price *= 1 - 0.13
    return price


def north_river(order):
    """The tariff of north river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.37 + 0.89 * weight
    if weight > 10.7:
        price += 0.1 * (weight - 10.7)
    if order["distance"] > 170:
        price *= 1 + 0.14 * math.log(order["distance"] / 170)
    if order["express"]:
        price = price * 1.21 + 2.0
    if order["value"] > 450:
        price += 0.0289 * (order["value"] - 450)
    if order["count"] >= 7:
        price *= 1 - 0.04
    return price


def north_isles(order):
    """The tariff of north isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.78 + 1.38 * weight
    if weight > 5.1:
        price += 0.52 * (weight - 5.1)
    if order["distance"] > 250:
        price *= 1 + 0.2 * math.log(order["distance"] / 250)
    if order["express"]:
        price = price * 1.79 + 2.88
    if order["value"] > 100:
        price += 0.0063 * (order["value"] - 100)
    if order["count"] >= 6:
        price *= 1 - 0.12
    return price


def ocean_coast(order):
    """The tariff of ocean coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.44 + 1.53 * weight
    if weight > 9.6:
        price += 0.59 * (weight - 9.6)
    if order["distance"] > 100:
        price *= 1 + 0.1 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.5 + 3.89
    if order["value"] > 400:
        price += 0.0279 * (order["value"] - 400)
    if order["count"] >= 6:
        price *= 1 - 0.03
    return price


def ocean_hills(order):
    """The tariff of ocean hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.57 + 0.66 * weight
    if weight > 10.5:
        price += 0.44 * (weight - 10.5)
    if order["distance"] > 120:
        price *= 1 + 0.3 * math.log(order["distance"] / 120)
    if order["express"]:
        price = price * 1.35 + 2.69
    if order["value"] > 300:
        price += 0.0085 * (order["value"] - 300)
    if order["count"] >= 5:
        price *= 1 - 0.06
    return price


def ocean_town(order):
    """The tariff of ocean town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.08 + 1.33 * weight
    if weight > 5.5:
        price += 0.65 * (weight - 5.5)
    if order["distance"] > 100:
        price *= 1 + 0.27 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.82 + 1.79
    if order["value"] > 100:
        price += 0.0237 * (order["value"] - 100)
    if order["count"] >= 6:
        price *= 1 - 0.15
    return price


def ocean_river(order):
    """The tariff of ocean river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.55 + 0.76 * weight
    if weight > 11.4:
        price += 0.85 * (weight - 11.4)
    if order["distance"] > 90:
        price *= 1 + 0.05 * math.log(order["distance"] / 90)
    if order["express"]:
        price = price * 1.77 + 1.34
    if order["value"] > 200:
        price += 0.0238 * (order["value"] - 200)
    if order["count"] >= 5:
        price *= 1 - 0.07
    return price


def ocean_isles(order):
    """The tariff of ocean isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.61 + 1.07 * weight
    if weight > 11.8:
        price += 0.66 * (weight - 11.8)
    if order["distance"] > 130:
        price *= 1 + 0.12 * math.log(order["distance"] / 130)
    if order["express"]:
        price = price * 1.27 + 2.6
    if order["value"] > 300:
        price += 0.0142 * (order["value"] - 300)
    if order["count"] >= 6:
        price *= 1 - 0.1
    return price


def plain_coast(order):
    """The tariff of plain coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.86 + 0.77 * weight
    if weight > 9.0:
        price += 0.31 * (weight - 9.0)
    if order["distance"] > 80:
        price *= 1 + 0.23 * math.log(order["distance"] / 80)
    if order["express"]:
        price = price * 1.29 + 2.92
    if order["value"] > 100:
        price += 0.0052 * (order["value"] - 100)
    if order["count"] >= 4:
        price *= 1 - 0.08
    return price


def plain_hills(order):
    """The tariff of plain hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.17 + 0.56 * weight
    if weight > 8.5:
        price += 0.13 * (weight - 8.5)
    if order["distance"] > 320:
        price *= 1 + 0.27 * math.log(order["distance"] / 320)
    if order["express"]:
        price = price * 1.74 + 3.23
    if order["value"] > 450:
        price += 0.0163 * (order["value"] - 450)
    if order["count"] >= 8:
        price *= 1 - 0.04
    return price


def plain_town(order):
    """The tariff of plain town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.27 + 0.8 * weight
    if weight > 9.1:
        price += 0.58 * (weight - 9.1)
    if order["distance"] > 320:
        price *= 1 + 0.3 * math.log(order["distance"] / 320)
    if order["express"]:
        price = price * 1.41 + 1.67
    if order["value"] > 150:
        price += 0.0211 * (order["value"] - 150)
    if order["count"] >= 3:
        price *= 1 - 0.12
    return price


def plain_river(order):
    """The tariff of plain river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.39 + 1.06 * weight
    if weight > 10.7:
        price += 0.4 * (weight - 10.7)
    if order["distance"] > 340:
        price *= 1 + 0.08 * math.log(order["distance"] / 340)
    if order["express"]:
        price = price * 1.45 + 2.98
    if order["value"] > 550:
        price += 0.0191 * (order["value"] - 550)
    if order["count"] >= 7:
        price *= 1 - 0.08
    return price


def plain_isles(order):
    """The tariff of plain isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.97 + 0.63 * weight
    if weight > 11.2:
        price += 0.4 * (weight - 11.2)
    if order["distance"] > 290:
        price *= 1 + 0.12 * math.log(order["distance"] / 290)
    if order["express"]:
        price = price * 1.39 + 4.13
    if order["value"] > 150:
        price += 0.0116 * (order["value"] - 150)
    if order["count"] >= 3:
        price *= 1 - 0.11
    return price


def quarry_coast(order):
    """The tariff of quarry coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.66 + 1.37 * weight
    if weight > 9.9:
        price += 0.57 * (weight - 9.9)
    if order["distance"] > 360:
        price *= 1 + 0.28 * math.log(order["distance"] / 360)
    if order["express"]:
        price = price * 1.79 + 3.38
    if order["value"] > 550:
        price += 0.0063 * (order["value"] - 550)
    if order["count"] >= 8:
        price *= 1 - 0.07
    return price


def quarry_hills(order):
    """The tariff of quarry hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.04 + 0.55 * weight
    if weight > 10.8:
        price += 0.5 * (weight - 10.8)
    if order["distance"] > 100:
        price *= 1 + 0.06 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.49 + 2.65
    if order["value"] > 500:
        price += 0.0203 * (order["value"] - 500)
    if order["count"] >= 7:
        price *= 1 - 0.1
    return price


def quarry_town(order):
    """The tariff of quarry town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.82 + 1.29 * weight
    if weight > 9.1:
        price += 0.13 * (weight - 9.1)
    if order["distance"] > 370:
        price *= 1 + 0.13 * math.log(order["distance"] / 370)
    if order["express"]:
        price = price * 1.57 + 3.16
    if order["value"] > 150:
        price += 0.0289 * (order["value"] - 150)
    if order["count"] >= 8:
        price *= 1 - 0.13
    return price


def quarry_river(order):
    """The tariff of quarry river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.62 + 0.84 * weight
    if weight > 8.2:
        price += 0.34 * (weight - 8.2)
    if order["distance"] > 280:
        price *= 1 + 0.18 * math.log(order["distance"] / 280)
    if order["express"]:
        price = price * 1.83 + 2.86
    if order["value"] > 200:
        price += 0.0214 * (order["value"] - 200)
    if order["count"] >= 5:
        price *= 1 - 0.07
    return price


def quarry_isles(order):
    """The tariff of quarry isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.83 + 0.67 * weight
    if weight > 12.0:
        price += 0.61 * (weight - 12.0)
    if order["distance"] > 360:
        price *= 1 + 0.21 * math.log(order["distance"] / 360)
    if order["express"]:
        price = price * 2.24 + 1.7
    if order["value"] > 200:
        price += 0.1116 * (order["value"] - 200)
    if order["count"] >= 4:
        price *= 1 - 0.11
    return price


def ridge_coast(order):
    """The tariff of ridge coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.74 + 0.88 * weight
    if weight > 5.1:
        price += 0.45 * (weight - 5.1)
    if order["distance"] > 390:
        price *= 1 + 0.18 * math.log(order["distance"] / 390)
    if order["express"]:
        price = price * 1.87 + 1.87
    if order["value"] > 250:
        price += 0.0216 * (order["value"] - 250)
    if order["count"] >= 6:
        price *= 1 - 0.1
    return price


def ridge_hills(order):
    """The tariff of ridge hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.34 + 0.82 * weight
    if weight > 5.8:
        price += 0.31 * (weight - 5.8)
    if order["distance"] > 300:
        price *= 1 + 0.26 * math.log(order["distance"] / 300)
    if order["express"]:
        price = price * 1.56 + 2.95
    if order["value"] > 150:
        price += 0.0289 * (order["value"] - 150)
    if order["count"] >= 3:
        price *= 1 - 0.11
    return price


def ridge_town(order):
    """The tariff of ridge town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.35 + 0.61 * weight
    if weight > 9.4:
        price += 0.78 * (weight - 9.4)
    if order["distance"] > 190:
        price *= 1 + 0.06 * math.log(order["distance"] / 190)
    if order["express"]:
        price = price * 1.88 + 2.54
    if order["value"] > 350:
        price += 0.0231 * (order["value"] - 350)
    if order["count"] >= 5:
        price *= 1 - 0.04
    return price


def ridge_river(order):
    """The tariff of ridge river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.53 + 0.84 * weight
    if weight > 7.0:
        price += 0.37 * (weight - 7.0)
    if order["distance"] > 340:
        price *= 1 + 0.07 * math.log(order["distance"] / 340)
    if order["express"]:
        price = price * 1.41 + 1.72
    if order["value"] > 150:
        price += 0.0248 * (order["value"] - 150)
    if order["count"] >= 7:
        price *= 1 - 0.08
    return price


def ridge_isles(order):
    """The tariff of ridge isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.66 + 0.75 * weight
    if weight > 5.2:
        price += 0.55 * (weight - 5.2)
    if order["distance"] > 260:
        price *= 1 + 0.21 * math.log(order["distance"] / 260)
    if order["express"]:
        price = price * 1.68 + 2.29
    if order["value"] > 350:
        price += 0.0286 * (order["value"] - 350)
    if order["count"] >= 6:
        price *= 1 - 0.08
    return price


def shore_coast(order):
    """The tariff of shore coast."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.07 + 0.63 * weight
    if weight > 8.8:
        price += 0.17 * (weight - 8.8)
    if order["distance"] > 320:
        price *= 1 + 0.16 * math.log(order["distance"] / 320)
    if order["express"]:
        price = price * 1.39 + 3.2
    if order["value"] > 400:
        price += 0.006 * (order["value"] - 400)
    if order["count"] >= 7:
        price *= 1 - 0.15
    return price


def shore_hills(order):
    """The tariff of shore hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.53 + 1.2 * weight
    if weight > 11.4:
        price += 0.36 * (weight - 11.4)
    if order["distance"] > 120:
        price *= 1 + 0.08 * math.log(order["distance"] / 120)
    if order["express"]:
        price = price * 1.24 + 4.76
    if order["value"] > 450:
        price += 0.0127 * (order["value"] - 450)
    if order["count"] >= 7:
        price *= 1 - 0.14
    return price


def shore_town(order):
    """The tariff of shore town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.14 + 1.32 * weight
    if weight > 6.8:
        price += 0.48 * (weight - 6.8)
    if order["distance"] > 140:
        price *= 1 + 0.08 * math.log(order["distance"] / 140)
    if order["express"]:
        price = price * 1.34 + 3.78
    if order["value"] > 150:
        price += 0.0161 * (order["value"] - 150)
    if order["count"] >= 4:
        price *= 1 - 0.05
    return price


def shore_river(order):
    """The tariff of shore river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.57 + 1.29 * weight
    if weight > 6.8:
        price += 0.47 * (weight - 6.8)
    if order["distance"] > 180:
        price *= 1 + 0.25 * math.log(order["distance"] / 180)
    if order["express"]:
        price = price * 1.54 + 2.19
    if order["value"] > 300:
        price += 0.0207 * (order["value"] - 300)
    if order["count"] >= 8:
        price *= 1 - 0.04
    return price


def shore_isles(order):
    """The tariff of shore isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.83 + 0.53 * weight
    if weight > 9.0:
        price += 0.49 * (weight - 9.0)
    if order["distance"] > 390:
        price *= 1 + 0.27 * math.log(order["distance"] / 390)
    if order["express"]:
        price = price * 1.56 + 3.42
    if order["value"] > 550:
        price += 0.0133 * (order["value"] - 550)
    if order["count"] >= 5:
        price *= 1 - 0.05
    return price


def thorn_coast(order):
    """The tariff of thorn coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.18 + 0.91 * weight
    if weight > 10.4:
        price += 0.33 * (weight - 10.4)
    if order["distance"] > 200:
        price *= 1 + 0.24 * math.log(order["distance"] / 200)
    if order["express"]:
        price = price * 1.71 + 1.0
    if order["value"] > 200:
        price += 0.0128 * (order["value"] - 200)
    if order["count"] >= 6:
        price *= 1 - 0.11
    return price


def thorn_hills(order):
    """The tariff of thorn hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.29 + 1.15 * weight
    if weight > 8.2:
        price += 0.83 * (weight - 8.2)
    if order["distance"] > 280:
        price *= 1 + 0.23 * math.log(order["distance"] / 280)
    if order["express"]:
        price = price * 1.63 + 4.18
    if order["value"] > 200:
        price += 0.0194 * (order["value"] - 200)
    if order["count"] >= 8:
        price *= 1 - 0.03
    return price


def thorn_town(order):
    """The tariff of thorn town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.09 + 1.42 * weight
    if weight > 5.3:
        price += 0.53 * (weight - 5.3)
    if order["distance"] > 380:
        price *= 1 + 0.29 * math.log(order["distance"] / 380)
    if order["express"]:
        price = price * 1.72 + 1.68
    if order["value"] > 200:
        price += 0.0263 * (order["value"] - 200)
    if order["count"] >= 4:
        price *= 1 - 0.11
    return price


def thorn_river(order):
    """The tariff of thorn river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.6 + 0.92 * weight
    if weight > 9.5:
        price += 0.28 * (weight - 9.5)
    if order["distance"] > 250:
        price *= 1 + 0.28 * math.log(order["distance"] / 250)
    if order["express"]:
        price = price * 1.34 + 1.94
    if order["value"] > 150:
        price += 0.0236 * (order["value"] - 150)
    if order["count"] >= 7:
        price *= 1 - 0.07
    return price


def thorn_isles(order):
    """The tariff of thorn isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.89 + 0.6 * weight
    if weight > 8.9:
        price += 0.54 * (weight - 8.9)
    if order["distance"] > 360:
        price *= 1 + 0.25 * math.log(order["distance"] / 360)
    if order["express"]:
        price = price * 1.71 + 4.57
    if order["value"] > 500:
        price += 0.026 * (order["value"] - 500)
    if order["count"] >= 4:
        price *= 1 - 0.08
    return price


def upland_coast(order):
    """The tariff of upland coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.06 + 1.34 * weight
    if weight > 5.7:
        price += 0.47 * (weight - 5.7)
    if order["distance"] > 360:
        price *= 1 + 0.27 * math.log(order["distance"] / 360)
    if order["express"]:
        price = price * 1.53 + 2.16
    if order["value"] > 150:
        price += 0.0056 * (order["value"] - 150)
    if order["count"] >= 8:
        price *= 1 - 0.12
    return price


def upland_hills(order):
    """The tariff of upland hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.34 + 1.18 * weight
    if weight > 10.0:
        price += 0.78 * (weight - 10.0)
    if order["distance"] > 210:
        price *= 1 + 0.06 * math.log(order["distance"] / 210)
    if order["express"]:
        price = price * 1.82 + 4.96
    if order["value"] > 250:
        price += 0.0292 * (order["value"] - 250)
    if order["count"] >= 8:
        price *= 1 - 0.07
    return price


def upland_town(order):
    """The tariff of upland town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.14 + 1.48 * weight
    if weight > 6.2:
        price += 0.42 * (weight - 6.2)
    if order["distance"] > 100:
        price *= 1 + 0.16 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.41 + 3.92
    if order["value"] > 400:
        price += 0.0148 * (order["value"] - 400)
    if order["count"] >= 3:
        price *= 1 - 0.14
    return price


def upland_river(order):
    """The tariff of upland river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.87 + 0.94 * weight
    if weight > 8.2:
        price += 0.43 * (weight - 8.2)
    if order["distance"] > 90:
        price *= 1 + 0.12 * math.log(order["distance"] / 90)
    if order["express"]:
        price = price * 1.57 + 1.81
    if order["value"] > 300:
        price += 0.0241 * (order["value"] - 300)
    if order["count"] >= 4:
        price *= 1 - 0.14
    return price


def upland_isles(order):
    """The tariff of upland isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.3 + 1.49 * weight
    if weight > 8.9:
        price += 0.76 * (weight - 8.9)
    if order["distance"] > 360:
        price *= 1 + 0.23 * math.log(order["distance"] / 360)
    if order["express"]:
        price = price * 1.34 + 3.33
    if order["value"] > 100:
        price += 0.0098 * (order["value"] - 100)
    if order["count"] >= 7:
        price *= 1 - 0.15
    return price


def valley_coast(order):
    """The tariff of valley coast."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 3.46 + 0.6 * weight
    if weight > 9.2:
        price += 0.39 * (weight - 9.2)
    if order["distance"] > 170:
        price *= 1 + 0.21 * math.log(order["distance"] / 170)
    if order["express"]:
        price = price * 1.33 + 3.18
    if order["value"] > 400:
        price += 0.0287 * (order["value"] - 400)
    if order["count"] >= 8:
        price *= 1 - 0.03
    return price


def valley_hills(order):
    """The tariff of valley hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.83 + 1.42 * weight
    if weight > 7.3:
        price += 0.84 * (weight - 7.3)
    if order["distance"] > 130:
        price *= 1 + 0.17 * math.log(order["distance"] / 130)
    if order["express"]:
        price = price * 1.46 + 4.95
    if order["value"] > 550:
        price += 0.0142 * (order["value"] - 550)
    if order["count"] >= 6:
        price *= 1 - 0.06
    return price


def valley_town(order):
    """The tariff of valley town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.54 + 0.86 * weight
    if weight > 11.8:
        price += 0.43 * (weight - 11.8)
    if order["distance"] > 330:
        price *= 1 + 0.16 * math.log(order["distance"] / 330)
    if order["express"]:
        price = price * 1.51 + 4.29
    if order["value"] > 250:
        price += 0.017 * (order["value"] - 250)
    if order["count"] >= 3:
        price *= 1 - 0.13
    return price


def valley_river(order):
    """The tariff of valley river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.11 + 1.03 * weight
    if weight > 5.6:
        price += 0.62 * (weight - 5.6)
    if order["distance"] > 280:
        price *= 1 + 0.07 * math.log(order["distance"] / 280)
    if order["express"]:
        price = price * 1.71 + 2.63
    if order["value"] > 350:
        price += 0.0138 * (order["value"] - 350)
    if order["count"] >= 3:
        price *= 1 - 0.07
    return price


def valley_isles(order):
    """The tariff of valley isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 5.71 + 1.48 * weight
    if weight > 10.4:
        price += 0.8 * (weight - 10.4)
    if order["distance"] > 130:
        price *= 1 + 0.06 * math.log(order["distance"] / 130)
    if order["express"]:
        price = price * 1.56 + 2.88
    if order["value"] > 450:
        price += 0.0126 * (order["value"] - 450)
    if order["count"] >= 6:
        price *= 1 - 0.06
    return price


def weald_coast(order):
    """The tariff of weald coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 4.29 + 1.57 * weight
    if weight > 8.6:
        price += 0.8 * (weight - 8.6)
    if order["distance"] > 130:
        price *= 1 + 0.2 * math.log(order["distance"] / 130)
    if order["express"]:
        price = price * 1.25 + 2.51
    if order["value"] > 400:
        price += 0.0074 * (order["value"] - 400)
    if order["count"] >= 5:
        price *= 1 - 0.11
    return price


def weald_hills(order):
    """The tariff of weald hills."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.35 + 0.88 * weight
    if weight > 6.5:
        price += 0.65 * (weight - 6.5)
    if order["distance"] > 370:
        price *= 1 + 0.13 * math.log(order["distance"] / 370)
    if order["express"]:
        price = price * 1.78 + 2.99
    if order["value"] > 100:
        price += 0.0222 * (order["value"] - 100)
    if order["count"] >= 6:
        price *= 1 - 0.11
    return price


def weald_town(order):
    """The tariff of weald town."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 4.38 + 1.48 * weight
    if weight > 7.2:
        price += 0.47 * (weight - 7.2)
    if order["distance"] > 300:
        price *= 1 + 0.18 * math.log(order["distance"] / 300)
    if order["express"]:
        price = price * 1.27 + 3.04
    if order["value"] > 450:
        price += 0.0153 * (order["value"] - 450)
    if order["count"] >= 4:
        price *= 1 - 0.1
    return price


def weald_river(order):
    """The tariff of weald river."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 5.74 + 0.64 * weight
    if weight > 5.4:
        price += 0.36 * (weight - 5.4)
    if order["distance"] > 100:
        price *= 1 + 0.13 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.46 + 3.41
    if order["value"] > 550:
        price += 0.0077 * (order["value"] - 550)
    if order["count"] >= 3:
        price *= 1 - 0.08
    return price


def weald_isles(order):
    """The tariff of weald isles."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.17 + 0.62 * weight
    if weight > 10.3:
        price += 0.82 * (weight - 10.3)
    if order["distance"] > 120:
        price *= 1 + 0.28 * math.log(order["distance"] / 120)
    if order["express"]:
        price = price * 1.41 + 2.17
    if order["value"] > 400:
        price += 0.0214 * (order["value"] - 400)
    if order["count"] >= 3:
        price *= 1 - 0.08
    return price


def yonder_coast(order):
    """The tariff of yonder coast."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 2.65 + 0.87 * weight
    if weight > 9.9:
        price += 0.51 * (weight - 9.9)
    if order["distance"] > 330:
        price *= 1 + 0.26 * math.log(order["distance"] / 330)
    if order["express"]:
        price = price * 1.63 + 4.39
    if order["value"] > 200:
        price += 0.0141 * (order["value"] - 200)
    if order["count"] >= 5:
        price *= 1 - 0.13
    return price


def yonder_hills(order):
    """The tariff of yonder hills."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.45 + 1.47 * weight
    if weight > 7.6:
        price += 0.73 * (weight - 7.6)
    if order["distance"] > 150:
        price *= 1 + 0.15 * math.log(order["distance"] / 150)
    if order["express"]:
        price = price * 1.8 + 4.99
    if order["value"] > 200:
        price += 0.0086 * (order["value"] - 200)
    if order["count"] >= 8:
        price *= 1 - 0.1
    return price


def yonder_town(order):
    """The tariff of yonder town."""
    weight = rounded_up(volume_weight(order), 0.5)
    price = 3.11 + 0.69 * weight
    if weight > 7.9:
        price += 0.85 * (weight - 7.9)
    if order["distance"] > 330:
        price *= 1 + 0.13 * math.log(order["distance"] / 330)
    if order["express"]:
        price = price * 1.34 + 1.62
    if order["value"] > 550:
        price += 0.0179 * (order["value"] - 550)
    if order["count"] >= 3:
        price *= 1 - 0.06
    return price


def yonder_river(order):
    """The tariff of yonder river."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.78 + 0.71 * weight
    if weight > 7.8:
        price += 0.65 * (weight - 7.8)
    if order["distance"] > 90:
        price *= 1 + 0.28 * math.log(order["distance"] / 90)
    if order["express"]:
        price = price * 1.75 + 2.23
    if order["value"] > 350:
        price += 0.0134 * (order["value"] - 350)
    if order["count"] >= 5:
        price *= 1 - 0.05
    return price


def yonder_isles(order):
    """The tariff of yonder isles."""
    weight = rounded_up(volume_weight(order), 0.25)
    price = 2.18 + 1.05 * weight
    if weight > 6.9:
        price += 0.52 * (weight - 6.9)
    if order["distance"] > 100:
        price *= 1 + 0.28 * math.log(order["distance"] / 100)
    if order["express"]:
        price = price * 1.89 + 2.32
    if order["value"] > 350:
        price += 0.0105 * (order["value"] - 350)
    if order["count"] >= 6:
        price *= 1 - 0.03
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
