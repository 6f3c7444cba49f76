"""By how much quotes and invoices differ, as a mean of logarithms; a failing or negative quote counts 3."""

import json
import math

from tariffs import quote

with open("invoices.json") as file:
    invoices = json.load(file)
total = 0.0
for invoice in invoices:
    order = {name: value for name, value in invoice.items() if name != "price"}
    try:
        price = float(quote(order))
        error = abs(math.log(price / invoice["price"])) if price > 0 else 3.0
    except Exception:
        error = 3.0
    total += min(3.0, error) if error == error else 3.0
print(json.dumps({"error": round(total / len(invoices), 9)}))
