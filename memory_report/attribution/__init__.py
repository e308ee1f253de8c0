"""Whose memory it is: `python -m memory_report attribute`.

    attribute.py   the sets, then the slopes, then the imports
    sets.py        launches every set of the services, in rounds, and reads each
    load.py        what each service is asked to do, alike in every set that has it
    shapley.py     shares that do not depend on an order
    slopes.py      what one more socket, one more login costs
    imports.py     the modules, what each weighs, and who pulled it in
    probe.py       the program that looks at imports from inside
    idle.py        the service of a floor that has none
    records.py     the data between these, and the JSON file
    figures.py     everything worked out of one record; ../render/ shows it
    arguments.py   what may be typed

Sizes are those of a process that nobody shares pages with. Each set of services is
one process, so nothing in it is counted twice; its PSS would move with every other
interpreter on the machine.
"""
