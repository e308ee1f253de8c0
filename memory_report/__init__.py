"""The proof: what one interpreter saves, measured with equal work on both sides.

    cli.py           the command line; the only place that knows exit codes
    measure.py       launches in ABBA order, one after another, and samples them
    arrangements.py  how the services are laid over processes
    processes.py     one launched process: ready, watched, stopped, reaped
    redis_server.py  the bus of the separate arrangement
    story.py         what every launch lives through
    visitor.py       an HTTP client that counts, viewer.py a WebSocket client
    ledger.py        the counts of both ends, compared field by field
    statistics.py    the saving and its interval; gates.py the verdict on it
    environment.py   the machine it was measured on
    records.py       the data between all of these, and the JSON file
    render.py        the table and the sentence

Nothing here imports a service: they are launched as a user launches them.
"""
