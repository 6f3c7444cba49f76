"""Rate constants of the reaction A ⇌ B ⇌ C, B → D, C + D ⇌ E, E → A."""

AB = 0.5  # kapso: 0.01..10 log
BA = 0.5  # kapso: 0.01..10 log
BC = 0.5  # kapso: 0.01..10 log
CB = 0.5  # kapso: 0.01..10 log
BD = 0.5  # kapso: 0.01..10 log
CDE = 0.5  # kapso: 0.01..10 log
ECD = 0.5  # kapso: 0.01..10 log
EA = 0.5  # kapso: 0.01..10 log
